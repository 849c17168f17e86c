#include "runc-compat/state/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::state {
namespace {

constexpr mode_t kRootMode = 0700;
constexpr int kMaxDepth = 32;       // of a container's directory; ours is two levels deep
constexpr int kRemoveAttempts = 8;  // a process that still writes into it while it is removed

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using DirStream = std::unique_ptr<DIR, CloseDir>;

struct Entry {
  std::string name;
  bool directory = false;
};

Result<std::vector<Entry>> read_entries(int dir_fd, const std::string& path) {
  TRY_ASSIGN(UniqueFd fd, open_at(dir_fd, ".", O_RDONLY | O_DIRECTORY));
  DirStream stream(::fdopendir(fd.get()));
  if (!stream) {
    return Error::system(errno, concat("open ", path));
  }
  fd.release();
  std::vector<Entry> entries;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) {
      return Error::system(errno, concat("read ", path));
    }
    if (entry == nullptr) {
      return entries;
    }
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") {
      continue;
    }
    bool directory = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN) {
      struct stat st = {};
      directory =
          ::fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
    }
    entries.push_back({std::string(name), directory});
  }
}

// Opens a directory of dir_fd without crossing a mount: EXDEV if something is mounted there.
Result<UniqueFd> open_same_mount(int dir_fd, const std::string& name, const std::string& path) {
  open_how how = {};
  how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
  const long fd = ::syscall(SYS_openat2, dir_fd, name.c_str(), &how, sizeof how);
  if (fd < 0) {
    return Error::system(errno, concat("open ", path));
  }
  return UniqueFd(static_cast<int>(fd));
}

void detach_mount(int dir_fd, const std::string& name) {
  const std::string through = concat("/proc/self/fd/", dir_fd, "/", name);
  ::umount2(through.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

// unlinkat(2) that detaches what is mounted on the name.
Status unlink_entry(int dir_fd, const std::string& name, const std::string& path, int flags) {
  for (int attempt = 0; attempt < kMaxDepth; ++attempt) {
    if (::unlinkat(dir_fd, name.c_str(), flags) == 0 || errno == ENOENT) {
      return {};
    }
    const int err = errno;
    if (err != EBUSY) {
      return Error::system(err, concat("remove ", path));
    }
    detach_mount(dir_fd, name);
  }
  return Error::system(EBUSY, concat("remove ", path));
}

Status remove_below(int dir_fd, const std::string& path, std::string_view last, int depth);

Status remove_entry(
    int dir_fd, const Entry& entry, const std::string& path, std::string_view last, int depth) {
  if (!entry.directory) {
    return unlink_entry(dir_fd, entry.name, path, 0);
  }
  Result<UniqueFd> fd = open_same_mount(dir_fd, entry.name, path);
  for (int attempt = 0; !fd && fd.error().err() == EXDEV && attempt < kMaxDepth; ++attempt) {
    detach_mount(dir_fd, entry.name);
    fd = open_same_mount(dir_fd, entry.name, path);
  }
  if (!fd) {
    return fd.error().err() == ENOENT ? Status() : std::move(fd).error();
  }
  Status status;
  for (int attempt = 0; attempt < kRemoveAttempts; ++attempt) {
    TRY(remove_below(fd->get(), path, last, depth + 1));
    status = unlink_entry(dir_fd, entry.name, path, AT_REMOVEDIR);
    if (status || status.error().err() != ENOTEMPTY) {
      return status;
    }
  }
  return status;
}

Status remove_below(int dir_fd, const std::string& path, std::string_view last, int depth) {
  if (depth > kMaxDepth) {
    return Error::invalid(concat(path, ": more than ", kMaxDepth, " levels of directories"));
  }
  TRY_ASSIGN(const std::vector<Entry> entries, read_entries(dir_fd, path));
  const Entry* kept = nullptr;
  for (const Entry& entry : entries) {
    if (entry.name == last) {
      kept = &entry;
    } else {
      TRY(remove_entry(dir_fd, entry, concat(path, "/", entry.name), {}, depth));
    }
  }
  return kept == nullptr ? Status()
                         : remove_entry(dir_fd, *kept, concat(path, "/", kept->name), {}, depth);
}

// A symbolic link as the root itself ("/var/run/redoubt" style) is followed only if it is ours.
Status check_root_link(const std::string& root) {
  struct stat st = {};
  if (::lstat(root.c_str(), &st) != 0) {
    return Error::system(errno, concat("open ", root));
  }
  return S_ISLNK(st.st_mode) ? check_owner(st) : Status();
}

}  // namespace

Status check_owner(const struct stat& st) {
  if (st.st_uid == 0 || st.st_uid == ::geteuid()) {
    return {};
  }
  return Error(ErrorKind::kDenied, concat("owned by uid ", st.st_uid, ", refusing"));
}

Status make_root(const std::string& root) {
  // Upwards to the first directory that exists, then down again.
  if (::mkdir(root.c_str(), kRootMode) == 0 || errno == EEXIST) {
    return {};
  }
  const int err = errno;
  const size_t slash = root.rfind('/');
  if (err != ENOENT || slash == std::string::npos || slash == 0) {
    return Error::system(err, concat("mkdir ", root));
  }
  TRY(make_root(root.substr(0, slash)));
  if (::mkdir(root.c_str(), kRootMode) != 0 && errno != EEXIST) {
    return Error::system(errno, concat("mkdir ", root));
  }
  return {};
}

Result<OpenRoot> open_root(const std::string& root) {
  TRY(check_root_link(root).context(concat("--root ", quote(root))));
  TRY_ASSIGN(UniqueFd fd, open_at(AT_FDCWD, root, O_RDONLY | O_DIRECTORY));
  struct stat st = {};
  if (::fstat(fd.get(), &st) != 0) {
    return Error::system(errno, concat("stat ", root));
  }
  TRY(check_owner(st).context(concat("--root ", quote(root))));
  const bool others_may_write = (st.st_mode & S_IWOTH) != 0;
  if (others_may_write && (st.st_mode & S_ISVTX) == 0) {
    return Error(
        ErrorKind::kDenied,
        concat("--root ", quote(root), ": writable by everybody, refusing; run: chmod o-w ", root));
  }
  return OpenRoot{std::move(fd), others_may_write};
}

Result<UniqueFd> open_container_directory(const OpenRoot& root,
                                          const std::string& name,
                                          const std::string& path) {
  Result<UniqueFd> fd = open_at(root.fd.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!fd) {
    return Error::system(fd.error().err(), concat("open ", path));
  }
  if (root.others_may_write) {
    struct stat own = {};
    if (::fstat(fd->get(), &own) != 0) {
      return Error::system(errno, concat("stat ", path));
    }
    TRY(check_owner(own).context(path));
  }
  return fd;
}

Result<std::vector<std::string>> list_directories(int dir_fd, const std::string& path) {
  TRY_ASSIGN(std::vector<Entry> entries, read_entries(dir_fd, path));
  std::vector<std::string> names;
  for (Entry& entry : entries) {
    if (entry.directory) {
      names.push_back(std::move(entry.name));
    }
  }
  return names;
}

Status remove_tree(int dir_fd,
                   const std::string& name,
                   const std::string& path,
                   std::string_view last) {
  struct stat st = {};
  if (::fstatat(dir_fd, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? Status() : Error::system(errno, concat("stat ", path));
  }
  return remove_entry(dir_fd, {name, S_ISDIR(st.st_mode)}, path, last, 0);
}

}  // namespace redoubt::state
