#include "init/child/rooted.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/vfs.h>
#include <time.h>

#include "init/child/sys.h"
#include "init/child/text.h"

namespace redoubt::init {
namespace {

constexpr int kMaxLinks = 40;
constexpr int64_t kRetryNanoseconds = 50'000'000;

int64_t monotonic_now() {
  timespec now{};
  sys::call(SYS_clock_gettime, CLOCK_MONOTONIC, sys::arg(&now));
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

bool is_link(int parent_fd, const char* name) {
  struct stat st {};
  const long err = sys::call(
      SYS_newfstatat, parent_fd, sys::arg(name), sys::arg(&st), AT_SYMLINK_NOFOLLOW);
  return err == 0 && (st.st_mode & S_IFMT) == S_IFLNK;
}

long make_entry(int parent_fd, const char* name, bool directory) {
  if (directory) {
    return sys::call(SYS_mkdirat, parent_fd, sys::arg(name), 0755);
  }
  return sys::call(SYS_mknodat, parent_fd, sys::arg(name), S_IFREG | 0644, 0);
}

// One component of a path under walk: `prefix` is the path up to and including it.
struct Walk {
  char path[kPathLimit];    // the whole path
  char prefix[kPathLimit];  // up to the component at hand
  char parent[kPathLimit];  // the prefix before it
  char name[256];
};

// Moves to the next component; the position after it, or 0 at the end. -ENAMETOOLONG for a long
// name.
long next_component(Walk& walk, unsigned position) {
  while (walk.path[position] == '/') {
    ++position;
  }
  if (walk.path[position] == '\0') {
    return 0;
  }
  unsigned length = 0;
  while (walk.path[position + length] != '/' && walk.path[position + length] != '\0') {
    if (length + 1 >= sizeof walk.name) {
      return -ENAMETOOLONG;
    }
    walk.name[length] = walk.path[position + length];
    ++length;
  }
  walk.name[length] = '\0';
  memcpy(walk.parent, walk.path, position);
  walk.parent[position] = '\0';
  if (position == 0) {
    walk.parent[0] = '/';
    walk.parent[1] = '\0';
  }
  memcpy(walk.prefix, walk.path, position + length);
  walk.prefix[position + length] = '\0';
  return static_cast<long>(position + length);
}

bool is_last(const Walk& walk, unsigned position) {
  while (walk.path[position] == '/') {
    ++position;
  }
  return walk.path[position] == '\0';
}

// A dangling link: the rest of the path continues at the link's target. Rewrites walk.path.
long follow_link(Walk& walk, int parent_fd, unsigned position) {
  char target[kPathLimit];
  const long n = sys::call(
      SYS_readlinkat, parent_fd, sys::arg(walk.name), sys::arg(target), sizeof target - 1);
  if (n < 0) {
    return n;
  }
  FixedText<kPathLimit> joined;
  if (target[0] != '/') {
    joined.add(walk.parent).add("/");
  }
  joined.add(target, static_cast<size_t>(n)).add(walk.path + position);  // "" or "/rest"
  if (joined.truncated) {
    return -ENAMETOOLONG;
  }
  memcpy(walk.path, joined.data, joined.size + 1);
  return 0;
}

}  // namespace

long stat_fd(int fd, struct stat* st) {
  return sys::call(SYS_newfstatat, fd, sys::arg(""), sys::arg(st), AT_EMPTY_PATH);
}

long filesystem_type(int fd) {
  struct statfs fs {};
  const long err = sys::call(SYS_fstatfs, fd, sys::arg(&fs));
  return err < 0 ? err : fs.f_type;
}

long open_in_root(int root_fd, const char* path, uint64_t flags, uint64_t resolve) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve;
  long fd = sys::call(SYS_openat2, root_fd, sys::arg(path), sys::arg(&how), sizeof how);
  if (fd != -EAGAIN) {
    return fd;
  }
  const int64_t deadline = monotonic_now() + kRetryNanoseconds;
  while (fd == -EAGAIN && monotonic_now() < deadline) {
    fd = sys::call(SYS_openat2, root_fd, sys::arg(path), sys::arg(&how), sizeof how);
  }
  return fd;
}

long open_target(int root_fd, const char* path, TargetKind kind, bool* created) {
  *created = false;
  long fd = open_in_root(root_fd, path, O_PATH);
  if (fd != -ENOENT) {
    return fd;
  }
  Walk walk;
  const size_t length = text_length(path);
  if (length >= sizeof walk.path) {
    return -ENAMETOOLONG;
  }
  memcpy(walk.path, path, length + 1);
  unsigned position = 0;
  for (int links = 0; links <= kMaxLinks;) {
    const long next = next_component(walk, position);
    if (next <= 0) {
      return next < 0 ? next : open_in_root(root_fd, walk.path, O_PATH);
    }
    const unsigned after = static_cast<unsigned>(next);
    const bool last = is_last(walk, after);
    // Of the path that was asked for the whole is known to be missing.
    fd = last && links == 0 ? -ENOENT : open_in_root(root_fd, walk.prefix, O_PATH);
    if (fd >= 0) {
      sys::close(static_cast<int>(fd));
      position = after;
      continue;
    }
    if (fd != -ENOENT) {
      return fd;
    }
    const long parent = open_in_root(root_fd, walk.parent, O_PATH | O_DIRECTORY);
    if (parent < 0) {
      return parent;
    }
    long err =
        make_entry(static_cast<int>(parent), walk.name, !last || kind == TargetKind::kDirectory);
    *created = *created || (last && err == 0);
    // mkdirat(2) and mknodat(2) follow no link: one that leads nowhere is there already.
    if (err == -EEXIST && is_link(static_cast<int>(parent), walk.name)) {
      err = follow_link(walk, static_cast<int>(parent), after);
      position = 0;
      ++links;
    } else {
      err = err == -EEXIST ? 0 : err;
      position = err == 0 ? after : position;
    }
    sys::close(static_cast<int>(parent));
    if (err < 0) {
      return err;
    }
  }
  return -ELOOP;
}

}  // namespace redoubt::init
