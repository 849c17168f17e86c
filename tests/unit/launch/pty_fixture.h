// A terminal session for tests: a child whose controlling terminal is a pty that the test holds the
// other end of, inside it a second pty with a "container" process, and the relay between them.
#ifndef REDOUBT_TESTS_UNIT_LAUNCH_PTY_FIXTURE_H_
#define REDOUBT_TESTS_UNIT_LAUNCH_PTY_FIXTURE_H_

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "runc-compat/launch/signal_forward.h"
#include "runc-compat/launch/terminal_relay.h"
#include "sandbox/terminal.h"

namespace redoubt::launch {

class PtySession {
 public:
  // `container` runs with a pty as its terminal; its return value is the exit status. `prepare` may
  // change the descriptors of the runtime first.
  explicit PtySession(const std::function<int()>& container,
                      const std::function<void()>& prepare = {}) {
    int slave = -1;
    winsize size = {30, 100, 0, 0};
    EXPECT_EQ(openpty(&host_, &slave, nullptr, nullptr, &size), 0);
    tcgetattr(host_, &before_);
    runtime_ = fork();
    if (runtime_ == 0) {
      close(host_);
      login_tty(slave);
      if (prepare) {
        prepare();
      }
      _exit(run_runtime(container));
    }
    close(slave);
  }
  ~PtySession() {
    if (runtime_ > 0) {
      kill(runtime_, SIGKILL);
      waitpid(runtime_, nullptr, 0);
    }
    close(host_);
  }
  PtySession(const PtySession&) = delete;
  PtySession& operator=(const PtySession&) = delete;

  int host() const { return host_; }
  pid_t runtime() const { return runtime_; }

  // Reads the terminal until `text` has come or the other side has closed.
  std::string read_until(const std::string& text, int timeout_ms = 5000) {
    while (text.empty() || seen_.find(text) == std::string::npos) {
      pollfd wait = {host_, POLLIN, 0};
      char buffer[4096];
      if (poll(&wait, 1, timeout_ms) <= 0) {
        break;
      }
      const ssize_t length = read(host_, buffer, sizeof buffer);
      if (length <= 0) {
        break;
      }
      seen_.append(buffer, static_cast<size_t>(length));
    }
    return seen_;
  }
  void type(const std::string& text) const {
    EXPECT_EQ(write(host_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  termios settings() const {
    termios now{};
    tcgetattr(host_, &now);
    return now;
  }
  bool is_raw() const { return (settings().c_lflag & (ICANON | ECHO | ISIG)) == 0; }
  bool is_restored() const {
    const termios now = settings();
    return now.c_lflag == before_.c_lflag && now.c_iflag == before_.c_iflag &&
           now.c_oflag == before_.c_oflag;
  }
  // The exit status of the runtime's process, -1 when it is killed or hangs.
  int finish(int timeout_ms = 5000) {
    for (int waited = 0; waited < timeout_ms; waited += 10) {
      int status = 0;
      if (waitpid(runtime_, &status, WNOHANG) == runtime_) {
        runtime_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      }
      usleep(10000);
    }
    return -1;
  }
  // Processor time of the runtime's process so far, in ms.
  long cpu_ms() const {
    clockid_t clock{};
    timespec used{};
    if (clock_getcpuclockid(runtime_, &clock) != 0 || clock_gettime(clock, &used) != 0) {
      return -1;
    }
    return used.tv_sec * 1000 + used.tv_nsec / 1000000;
  }

 private:
  static int run_runtime(const std::function<int()>& container) {
    Result<SignalForward> signals = SignalForward::create();
    Result<UniqueFd> terminal = TerminalRelay::open_host_terminal();
    if (!signals || !terminal) {
      return 99;
    }
    int master = -1;
    int slave = -1;
    // As Session does with the pty that init sends.
    if (openpty(&master, &slave, nullptr, nullptr, nullptr) != 0 ||
        !sandbox::clear_onlcr(master)) {
      return 99;
    }
    const pid_t pid = fork();
    if (pid == 0) {
      close(master);
      login_tty(slave);
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, nullptr);
      _exit(container());
    }
    close(slave);
    const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0U)));
    Result<TerminalRelay> created = TerminalRelay::create(*std::move(terminal), UniqueFd(master));
    if (!created) {
      return 98;
    }
    std::optional<TerminalRelay> relay(*std::move(created));
    const Result<int> status = wait_foreground(*signals, pidfd.get(), pid, relay, nullptr);
    return status ? *status : 97;
  }

  int host_ = -1;
  pid_t runtime_ = -1;
  termios before_{};
  std::string seen_;
};

}  // namespace redoubt::launch

#endif  // REDOUBT_TESTS_UNIT_LAUNCH_PTY_FIXTURE_H_
