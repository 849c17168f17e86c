// The foreground loop of run and exec: forwards signals to the container's process, relays its
// terminal, passes READY= on and returns its exit status.
//
// SignalForward blocks every signal and reads them from a signalfd; nothing is lost between its
// creation (before clone) and the loop. Of the dispositions only SIGCHLD's is touched, while it
// lives (ignored, it would cost us the exit status). The child inherits the blocked mask and has to
// reset mask and dispositions itself (init does).
#ifndef REDOUBT_LAUNCH_SIGNAL_FORWARD_H_
#define REDOUBT_LAUNCH_SIGNAL_FORWARD_H_

#include <signal.h>
#include <sys/types.h>

#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runc-compat/launch/terminal_relay.h"

namespace redoubt::launch {

class NotifySocket;

class SignalForward {
 public:
  static Result<SignalForward> create();
  SignalForward(SignalForward&& other) noexcept;
  SignalForward& operator=(SignalForward&&) = delete;
  SignalForward(const SignalForward&) = delete;
  SignalForward& operator=(const SignalForward&) = delete;
  ~SignalForward();  // the former mask is back; signals still pending are delivered then

  int fd() const { return fd_.get(); }
  const sigset_t& former_mask() const { return former_; }

 private:
  SignalForward() = default;
  UniqueFd fd_;
  sigset_t former_{};
  struct sigaction former_child_ {};
};

// Waits for `pid` (a child of this process, `pidfd` its pidfd) and returns its exit status, 128 +
// the signal's number when it was killed. Forwards every signal but SIGCHLD, SIGURG and SIGWINCH;
// SIGWINCH resizes the relay's pty. Reaps every other child too: `run` is a subreaper.
// With a relay: returns once the child has exited and its output has been written. `notify` may be
// null.
Result<int> wait_foreground(const SignalForward& signals,
                            int pidfd,
                            pid_t pid,
                            std::optional<TerminalRelay>& relay,
                            const NotifySocket* notify);

// The same with signals blocked from now on and no notify socket.
Result<int> wait_foreground(int pidfd, pid_t pid, std::optional<TerminalRelay>& relay);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_SIGNAL_FORWARD_H_
