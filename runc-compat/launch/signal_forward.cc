#include "runc-compat/launch/signal_forward.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "runc-compat/launch/notify_socket.h"

namespace redoubt::launch {
namespace {

enum Wait { kSignals, kChild, kNotify, kRelay };
using Waits = std::array<pollfd, kRelay + TerminalRelay::kPollSlots>;

// Faults of our own must end us, with the usual core dump, not be sent to the container.
constexpr int kFaults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};

bool asks_to_end(uint32_t signal) {
  return signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT;
}

class Foreground {
 public:
  Foreground(const SignalForward& signals,
             int pidfd,
             pid_t pid,
             std::optional<TerminalRelay>& relay,
             const NotifySocket* notify)
      : signals_(signals), pidfd_(pidfd), pid_(pid), relay_(relay), notify_(notify) {}

  Result<int> run() {
    if (relay_) {
      relay_->resize();
    }
    while (!status_ || (relay_ && !relay_->finished() && !interrupted_)) {
      TRY(turn());
    }
    return *status_;
  }

 private:
  Status turn();
  void read_signals();
  void forward(const signalfd_siginfo& info) const;
  Status reap_children();
  void note_exit(const siginfo_t& info);
  void pass_ready_on();

  const SignalForward& signals_;
  int pidfd_;
  pid_t pid_;
  std::optional<TerminalRelay>& relay_;
  const NotifySocket* notify_;
  std::optional<int> status_;
  bool interrupted_ = false;  // asked to end while the rest of the output is written
};

Status Foreground::turn() {
  Waits waits{};
  waits[kSignals] = {signals_.fd(), POLLIN, 0};
  waits[kChild] = {status_ ? -1 : pidfd_, POLLIN, 0};
  waits[kNotify] = {notify_ != nullptr ? notify_->fd() : -1, POLLIN, 0};
  TerminalRelay::PollSlots slots{};
  slots.fill({-1, 0, 0});
  if (relay_) {
    slots = relay_->poll_slots();
  }
  std::copy(slots.begin(), slots.end(), waits.begin() + kRelay);
  if (poll(waits.data(), waits.size(), relay_ ? relay_->poll_timeout() : -1) < 0) {
    return errno == EINTR ? Status() : Error::system(errno, "poll");
  }
  if (waits[kSignals].revents != 0) {
    read_signals();
  }
  if (waits[kNotify].revents != 0) {
    pass_ready_on();
  }
  if (waits[kChild].revents != 0 || waits[kSignals].revents != 0) {
    TRY(reap_children());
  }
  if (relay_) {
    std::copy(waits.begin() + kRelay, waits.end(), slots.begin());
    relay_->advance(slots);
  }
  return {};
}

void Foreground::read_signals() {
  signalfd_siginfo info{};
  while (read(signals_.fd(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGWINCH && relay_) {
      relay_->resize();
    }
    if (status_ && asks_to_end(info.ssi_signo)) {
      interrupted_ = true;
    }
    forward(info);
  }
}

void Foreground::forward(const signalfd_siginfo& info) const {
  const int signal = static_cast<int>(info.ssi_signo);
  if (signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH || status_) {
    return;
  }
  // Ours, not the user's: a write of the relay to a reader that has gone.
  if (signal == SIGPIPE && info.ssi_pid == static_cast<uint32_t>(getpid())) {
    return;
  }
  syscall(SYS_pidfd_send_signal, pidfd_, signal, nullptr, 0U);  // ESRCH: about to be reaped
}

void Foreground::note_exit(const siginfo_t& info) {
  if (info.si_pid == pid_) {
    status_ = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    if (relay_) {
      relay_->child_exited();
    }
  }
}

// As a subreaper we get every orphan of the container. __WALL: the child may have been cloned with
// another exit signal than SIGCHLD.
Status Foreground::reap_children() {
  for (;;) {
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) != 0) {
      if (errno == EINTR) {
        continue;
      }
      if (errno == ECHILD && status_) {
        return {};
      }
      return Error::system(errno, "wait for the container's process");
    }
    if (info.si_pid == 0) {
      return {};
    }
    note_exit(info);
  }
}

void Foreground::pass_ready_on() {
  // The manager keeps watching this process, so MAINPID= stays as it is and no barrier is needed.
  const Result<bool> ready = notify_->forward(0);
  if (!ready || *ready) {
    notify_ = nullptr;
  }
}

}  // namespace

Result<SignalForward> SignalForward::create() {
  SignalForward forward;
  sigset_t blocked;
  sigfillset(&blocked);
  for (const int fault : kFaults) {
    sigdelset(&blocked, fault);
  }
  forward.fd_.reset(signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!forward.fd_.valid()) {
    return Error::system(errno, "signalfd");
  }
  if (pthread_sigmask(SIG_BLOCK, &blocked, &forward.former_) != 0) {
    return Error::system(EINVAL, "sigprocmask");
  }
  // A caller may have us ignore SIGCHLD; the kernel would then discard exit statuses.
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &usual, &forward.former_child_);
  return forward;
}

SignalForward::SignalForward(SignalForward&& other) noexcept
    : fd_(std::move(other.fd_)), former_(other.former_), former_child_(other.former_child_) {}

SignalForward::~SignalForward() {
  if (fd_.valid()) {
    sigaction(SIGCHLD, &former_child_, nullptr);
    pthread_sigmask(SIG_SETMASK, &former_, nullptr);
  }
}

Result<int> wait_foreground(const SignalForward& signals,
                            int pidfd,
                            pid_t pid,
                            std::optional<TerminalRelay>& relay,
                            const NotifySocket* notify) {
  return Foreground(signals, pidfd, pid, relay, notify).run();
}

Result<int> wait_foreground(int pidfd, pid_t pid, std::optional<TerminalRelay>& relay) {
  TRY_ASSIGN(const SignalForward signals, SignalForward::create());
  return wait_foreground(signals, pidfd, pid, relay, nullptr);
}

}  // namespace redoubt::launch
