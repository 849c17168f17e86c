#include "runc-compat/launch/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

namespace redoubt::launch {
namespace {

constexpr int kMaxDescriptors = 1 << 20;

// The number of sd_listen_fds(3), 0 when it is not meant for this process.
int listen_fds() {
  const char* pid = ::getenv("LISTEN_PID");
  const char* fds = ::getenv("LISTEN_FDS");
  if (pid == nullptr || fds == nullptr || parse_number<pid_t>(pid) != ::getpid()) {
    return 0;
  }
  return parse_number<int>(fds).value_or(0);
}

}  // namespace

Result<PassedDescriptors> pass_descriptors(int preserve_fds) {
  const int listening = listen_fds();
  if (preserve_fds < 0 || listening < 0 || preserve_fds > kMaxDescriptors ||
      listening > kMaxDescriptors) {
    return Error::invalid(concat("--preserve-fds ", preserve_fds, ": not a number of descriptors"));
  }
  PassedDescriptors passed;
  passed.count = static_cast<uint32_t>(preserve_fds + listening);
  const int end = 3 + preserve_fds + listening;
  for (int fd = 3; fd < end; ++fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    // A descriptor of our own (the log) is close-on-exec; one that the caller hands over cannot be.
    if (flags < 0 || (flags & FD_CLOEXEC) != 0) {
      return Error::invalid(concat("unable to stat preserved-fd ",
                                   fd - 3 - listening,
                                   " (of ",
                                   preserve_fds,
                                   "): fd ",
                                   fd,
                                   " is not open"));
    }
  }
  if (::close_range(static_cast<unsigned>(end), ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
    return Error::system(errno, "close_range");
  }
  if (listening > 0) {
    passed.env = {concat("LISTEN_FDS=", listening), "LISTEN_PID=1"};
  }
  return passed;
}

}  // namespace redoubt::launch
