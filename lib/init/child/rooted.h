// Paths beneath the container's rootfs, always through its descriptor: the image is hostile and
// other containers may rename what we are walking (CVE-2021-30465, CVE-2024-45310, CVE-2025-31133).
// openat2(2) with RESOLVE_IN_ROOT does the walking in the kernel; what is created is created by
// name in an opened parent, never through a link.
#ifndef REDOUBT_INIT_CHILD_ROOTED_H_
#define REDOUBT_INIT_CHILD_ROOTED_H_

#include <stdint.h>
#include <sys/stat.h>

namespace redoubt::init {

inline constexpr unsigned kPathLimit = 4096;

// Opens `path` inside the root; `flags` are open(2) flags (O_CLOEXEC is added), `resolve` extra
// RESOLVE_* bits. Returns fd or -errno. A rename underneath makes openat2 say EAGAIN: retried until
// a deadline of 50 ms.
long open_in_root(int root_fd, const char* path, uint64_t flags, uint64_t resolve = 0);

enum class TargetKind { kDirectory, kFile };

// Opens a mount target (O_PATH), creating what is missing: directories 0755, a file 0644. A
// dangling link is followed inside the root. *created says whether the last component is new.
// Returns fd or -errno.
long open_target(int root_fd, const char* path, TargetKind kind, bool* created);

// fstat by descriptor (works for O_PATH).
long stat_fd(int fd, struct stat* st);

// f_type of statfs(2), or -errno.
long filesystem_type(int fd);

}  // namespace redoubt::init

#endif  // REDOUBT_INIT_CHILD_ROOTED_H_
