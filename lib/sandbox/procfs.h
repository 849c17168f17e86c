// A procfs that nobody can have tampered with.
//
// Writes to /proc/PID/attr/*, /proc/sys/* and the like decide about confinement; when /proc is a
// volume, a symbolic link or overmounted, they land somewhere harmless and the container starts
// unconfined (CVE-2019-16884, CVE-2019-19921, CVE-2025-52881). So the runtime mounts its own,
// attached to no path, or, where the kernel does not let it, checks that /proc is the root of a
// procfs. Opened on the host before clone; the launcher passes the descriptor on to init.
#ifndef REDOUBT_SANDBOX_PROCFS_H_
#define REDOUBT_SANDBOX_PROCFS_H_

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::sandbox {

enum class ProcfsView {
  kProcesses,  // subset=pid: process directories only (Linux 5.8; older kernels: everything)
  kFull,       // /proc/sys too
};

// The root of a procfs of the caller's pid namespace; good as dir_fd of openat(2) and openat2(2).
Result<UniqueFd> open_private_procfs(ProcfsView view = ProcfsView::kProcesses);

// Opens `path` ("1234/attr/current") below `procfs_fd` without crossing into another mount and
// without magic links, and checks that the result lies on a procfs. O_CLOEXEC is added.
Result<UniqueFd> open_in_procfs(int procfs_fd, const std::string& path, int flags);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_PROCFS_H_
