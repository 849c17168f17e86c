#include "init/child/copy_up.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "init/child/rooted.h"
#include "init/child/sys.h"
#include "init/child/text.h"

namespace redoubt::init {
namespace {

constexpr int kMaxDepth = 64;
constexpr size_t kDirectoryBuffer = 2048;
constexpr size_t kCopyBuffer = 8192;

struct DirectoryEntry {  // struct linux_dirent64, getdents(2)
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[];
};

long copy_directory(int source_fd, int target_fd, int depth);

long copy_attributes(int fd, const struct stat& st) {
  long err = sys::call(SYS_fchown, fd, st.st_uid, st.st_gid);
  if (err == -EPERM || err == -EINVAL) {
    err = 0;  // an owner that this user namespace does not map
  }
  return err < 0 ? err : sys::call(SYS_fchmod, fd, st.st_mode & 07777);
}

// Owner and mode are those of the file that is read, not of one that had the name before: setuid of one and
// the content of another would make a third.
long copy_file(int source_dir, int target_dir, const char* name) {
  const long in = sys::openat(source_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (in < 0) {
    return in;
  }
  struct stat st {};
  const long known = stat_fd(static_cast<int>(in), &st);
  if (known < 0 || (st.st_mode & S_IFMT) != S_IFREG) {
    sys::close(static_cast<int>(in));
    return known < 0 ? known : -ESTALE;
  }
  const long out =
      sys::openat(target_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  long n = out;
  char buffer[kCopyBuffer];
  while (out >= 0 && (n = sys::read(static_cast<int>(in), buffer, sizeof buffer)) > 0) {
    for (long done = 0; done < n;) {
      const long written =
          sys::write(static_cast<int>(out), buffer + done, static_cast<size_t>(n - done));
      if (written < 0) {
        n = written;
        break;
      }
      done += written;
    }
    if (n < 0) {
      break;
    }
  }
  if (out >= 0) {
    n = n == 0 ? copy_attributes(static_cast<int>(out), st) : n;
    sys::close(static_cast<int>(out));
  }
  sys::close(static_cast<int>(in));
  return n;
}

long copy_link(int source_dir, int target_dir, const char* name) {
  char target[kPathLimit];
  const long n =
      sys::call(SYS_readlinkat, source_dir, sys::arg(name), sys::arg(target), sizeof target - 1);
  if (n < 0) {
    return n;
  }
  target[n] = '\0';
  return sys::call(SYS_symlinkat, sys::arg(target), target_dir, sys::arg(name));
}

long copy_subdirectory(int source_dir, int target_dir, const char* name, int depth) {
  long err = sys::call(SYS_mkdirat, target_dir, sys::arg(name), 0700);
  if (err < 0) {
    return err;
  }
  const long in = sys::openat(source_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  const long out = sys::openat(target_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat st {};
  err = in < 0 ? in : out < 0 ? out : stat_fd(static_cast<int>(in), &st);
  if (err >= 0) {
    err = copy_directory(static_cast<int>(in), static_cast<int>(out), depth + 1);
    err = err < 0 ? err : copy_attributes(static_cast<int>(out), st);
  }
  sys::close(static_cast<int>(in));
  sys::close(static_cast<int>(out));
  return err;
}

long copy_entry(int source_dir, int target_dir, const char* name, int depth) {
  struct stat st {};
  const long err =
      sys::call(SYS_newfstatat, source_dir, sys::arg(name), sys::arg(&st), AT_SYMLINK_NOFOLLOW);
  if (err < 0) {
    return err;
  }
  switch (st.st_mode & S_IFMT) {
    case S_IFDIR:
      return copy_subdirectory(source_dir, target_dir, name, depth);
    case S_IFREG:
      return copy_file(source_dir, target_dir, name);
    case S_IFLNK:
      return copy_link(source_dir, target_dir, name);
    default: {
      const long made = sys::call(
          SYS_mknodat, target_dir, sys::arg(name), st.st_mode, static_cast<long>(st.st_rdev));
      return made == -EPERM
                 ? 0
                 : made;  // devices cannot be made in a user namespace; there the copy goes without
    }
  }
}

bool is_dot(const char* name) {
  return text_equal(name, ".") || text_equal(name, "..");
}

long copy_directory(int source_fd, int target_fd, int depth) {
  if (depth > kMaxDepth) {
    return -ELOOP;
  }
  alignas(8) char buffer[kDirectoryBuffer];
  for (;;) {
    const long n = sys::call(SYS_getdents64, source_fd, sys::arg(buffer), sizeof buffer);
    if (n <= 0) {
      return n;
    }
    for (long at = 0; at < n;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer + at);
      at += entry->length;
      const long err =
          is_dot(entry->name) ? 0 : copy_entry(source_fd, target_fd, entry->name, depth);
      if (err < 0) {
        return err;
      }
    }
  }
}

}  // namespace

long copy_up(int source_fd, int target_fd) {
  const long in = sys::openat(source_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (in < 0) {
    return in;
  }
  const long out = sys::openat(target_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat st {};
  long err = out < 0 ? out : stat_fd(source_fd, &st);
  if (err >= 0) {
    err = copy_directory(static_cast<int>(in), static_cast<int>(out), 0);
    err = err < 0 ? err : copy_attributes(static_cast<int>(out), st);
  }
  sys::close(static_cast<int>(in));
  sys::close(static_cast<int>(out));
  return err;
}

}  // namespace redoubt::init
