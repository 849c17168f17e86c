// Takes a copy of a descriptor out of another process (pidfd_getfd(2), Linux 5.6). Needs
// PTRACE_MODE_ATTACH over it. Used to fetch the seccomp listener, which is born in init's table.
#ifndef REDOUBT_SANDBOX_PIDFD_GET_H_
#define REDOUBT_SANDBOX_PIDFD_GET_H_

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::sandbox {

Result<UniqueFd> copy_remote_fd(int pidfd, int remote_fd);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_PIDFD_GET_H_
