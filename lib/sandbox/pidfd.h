// Pidfd: owns a pidfd, the only handle through which a recorded process is signalled or waited for.
//
// A pid can be recycled between a check and a kill(2); a pidfd cannot. open_verified() therefore
// opens first, then compares the start time, and only then hands the descriptor out (pidfd_open(2),
// pidfd_send_signal(2); Linux 5.3).
#ifndef REDOUBT_SANDBOX_PIDFD_H_
#define REDOUBT_SANDBOX_PIDFD_H_

#include <sys/types.h>

#include "base/result.h"
#include "base/unique_fd.h"
#include "sandbox/process_identity.h"

namespace redoubt::sandbox {

class Pidfd {
 public:
  Pidfd() = default;
  explicit Pidfd(UniqueFd fd) : fd_(std::move(fd)) {}

  // No such process: err() is ESRCH.
  static Result<Pidfd> open(pid_t pid);

  // As open(), and the process is the recorded one and no zombie; otherwise an error with err()
  // ESRCH.
  static Result<Pidfd> open_verified(const ProcessIdentity& identity);

  bool valid() const { return fd_.valid(); }
  int get() const { return fd_.get(); }

  // A process that is gone: err() is ESRCH.
  Status send_signal(int signal) const;

  // Waits until the process has exited (also as a zombie); false when timeout_ms has passed. A
  // negative timeout waits for ever.
  Result<bool> wait_exit(int timeout_ms) const;

 private:
  UniqueFd fd_;
};

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_PIDFD_H_
