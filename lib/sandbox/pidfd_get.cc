#include "sandbox/pidfd_get.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"

namespace redoubt::sandbox {

Result<UniqueFd> copy_remote_fd(int pidfd, int remote_fd) {
  UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd, remote_fd, 0U)));
  if (!fd.valid()) {
    return Error::system(errno, concat("pidfd_getfd descriptor ", remote_fd));
  }
  return fd;
}

}  // namespace redoubt::sandbox
