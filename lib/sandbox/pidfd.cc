#include "sandbox/pidfd.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "base/str.h"

namespace redoubt::sandbox {
namespace {

int64_t monotonic_ms() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

}  // namespace

Result<Pidfd> Pidfd::open(pid_t pid) {
  const long fd = ::syscall(SYS_pidfd_open, pid, 0);
  if (fd < 0) {
    // EINVAL: the number lives on as the group or session of others, its process has been reaped.
    const int err = errno == EINVAL && pid > 0 ? ESRCH : errno;
    return Error::system(err, concat("pidfd_open ", pid));
  }
  return Pidfd(UniqueFd(static_cast<int>(fd)));
}

Result<Pidfd> Pidfd::open_verified(const ProcessIdentity& identity) {
  if (identity.pid <= 0) {
    return Error::system(ESRCH, "pidfd_open");
  }
  TRY_ASSIGN(Pidfd pidfd, Pidfd::open(identity.pid));
  // From here on the pid cannot be given to another process unseen: if the process dies now, the
  // comparison fails or the signal gets ESRCH.
  TRY_ASSIGN(const bool same, is_running(identity));
  if (!same) {
    return Error::system(ESRCH, concat("process ", identity.pid));
  }
  return pidfd;
}

Status Pidfd::send_signal(int signal) const {
  if (::syscall(SYS_pidfd_send_signal, fd_.get(), signal, nullptr, 0) != 0) {
    return Error::system(errno, "pidfd_send_signal");
  }
  return {};
}

Result<bool> Pidfd::wait_exit(int timeout_ms) const {
  const int64_t deadline = monotonic_ms() + timeout_ms;
  for (;;) {
    const int64_t left = timeout_ms < 0 ? -1 : std::max<int64_t>(0, deadline - monotonic_ms());
    pollfd entry = {fd_.get(), POLLIN, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(left));
    if (ready > 0) {
      return true;
    }
    if (ready == 0) {
      return false;
    }
    if (errno != EINTR) {
      return Error::system(errno, "poll pidfd");
    }
  }
}

}  // namespace redoubt::sandbox
