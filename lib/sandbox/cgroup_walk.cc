#include "sandbox/cgroup_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::sandbox {
namespace {

constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
constexpr size_t kProcessListLimit = size_t{64} << 20;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

bool is_directory(int directory_fd, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) {
    return entry.d_type == DT_DIR;
  }
  struct stat st = {};
  return ::fstatat(directory_fd, entry.d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(st.st_mode);
}

Result<std::string> read_process_list(int directory_fd) {
  TRY_ASSIGN(UniqueFd file, open_at(directory_fd, "cgroup.procs", O_RDONLY));
  auto text = read_all(file.get(), kProcessListLimit, "cgroup.procs");
  if (text || text.error().err() != EOPNOTSUPP) {
    return text;
  }
  // A threaded cgroup lists threads only (cgroup-v2.rst, "Threads").
  TRY_ASSIGN(file, open_at(directory_fd, "cgroup.threads", O_RDONLY));
  return read_all(file.get(), kProcessListLimit, "cgroup.threads");
}

Status depth_error() {
  return Error::unsupported(concat("cgroup: nested deeper than ", kMaxCgroupDepth, " levels"));
}

}  // namespace

Result<std::vector<std::string>> child_cgroups(int directory_fd) {
  std::vector<std::string> names;
  auto again = open_at(directory_fd, ".", kOpenDirectory);
  if (!again) {
    if (is_gone(again.error())) {
      return names;
    }
    return std::move(again).error();
  }
  Directory directory(::fdopendir(again->get()));
  if (!directory) {
    return Error::system(errno, "fdopendir cgroup");
  }
  again->release();  // the stream owns it now
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) {
      if (errno != 0 && errno != ENOENT && errno != ENODEV) {
        return Error::system(errno, "readdir cgroup");
      }
      break;
    }
    if (entry->d_name[0] != '.' && is_directory(::dirfd(directory.get()), *entry)) {
      names.emplace_back(entry->d_name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<pid_t>> direct_processes(int directory_fd) {
  std::vector<pid_t> pids;
  auto text = read_process_list(directory_fd);
  if (!text) {
    if (is_gone(text.error())) {
      return pids;
    }
    return std::move(text).error();
  }
  for (const std::string& line : split(*text, '\n')) {
    // 0: a process of another pid namespace.
    if (const auto pid = parse_number<pid_t>(line); pid && *pid > 0) {
      pids.push_back(*pid);
    }
  }
  return pids;
}

Status collect_processes(int directory_fd, std::vector<pid_t>& out, int depth) {
  if (depth > kMaxCgroupDepth) {
    return depth_error();
  }
  TRY_ASSIGN(const std::vector<pid_t> own, direct_processes(directory_fd));
  out.insert(out.end(), own.begin(), own.end());
  TRY_ASSIGN(const std::vector<std::string> names, child_cgroups(directory_fd));
  for (const std::string& name : names) {
    auto child = open_at(directory_fd, name, kOpenDirectory);
    if (!child && is_gone(child.error())) {
      continue;
    }
    if (!child) {
      return std::move(child).error();
    }
    TRY(collect_processes(child->get(), out, depth + 1));
  }
  return {};
}

Status remove_children(int directory_fd, const Deadline& deadline, int depth) {
  if (depth > kMaxCgroupDepth) {
    return depth_error();
  }
  TRY_ASSIGN(const std::vector<std::string> names, child_cgroups(directory_fd));
  for (const std::string& name : names) {
    // The usual child has none of its own: one call instead of a listing.
    if (::unlinkat(directory_fd, name.c_str(), AT_REMOVEDIR) == 0) {
      continue;
    }
    auto child = open_at(directory_fd, name, kOpenDirectory);
    if (!child && is_gone(child.error())) {
      continue;
    }
    if (!child) {
      return std::move(child).error();
    }
    TRY(remove_children(child->get(), deadline, depth + 1));
    TRY(remove_one(directory_fd, name, deadline));
  }
  return {};
}

Status remove_one(int parent_fd, const std::string& name, const Deadline& deadline) {
  for (int pause_ms = 1;; pause_ms = std::min(pause_ms * 2, 64)) {
    if (::unlinkat(parent_fd, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT ||
        errno == ENODEV) {
      return {};
    }
    if (errno != EBUSY || deadline.left_ms() == 0) {
      return Error::system(errno, concat("rmdir ", name));
    }
    auto directory = open_at(parent_fd, name, kOpenDirectory);
    if (!directory) {
      continue;  // gone, or the next rmdir says why
    }
    TRY_ASSIGN(const bool empty,
               wait_cgroup_events(
                   directory->get(),
                   [](const CgroupEvents& events) { return !events.populated; },
                   deadline));
    if (empty) {
      // Empty yet busy: somebody makes cgroups in it, or the kernel still holds the last process's
      // exit.
      TRY(remove_children(directory->get(), deadline));
      ::poll(nullptr, 0, std::min(pause_ms, deadline.left_ms()));
    }
  }
}

}  // namespace redoubt::sandbox
