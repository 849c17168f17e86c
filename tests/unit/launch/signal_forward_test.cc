#include "runc-compat/launch/signal_forward.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include <gtest/gtest.h>

namespace redoubt::launch {
namespace {

constexpr int kFailed = 255;

void unblock_all() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

pid_t start(const std::function<int()>& body) {
  const pid_t pid = fork();
  if (pid == 0) {
    unblock_all();
    _exit(body());
  }
  return pid;
}

// Runs `container` under wait_foreground in a process of its own, as `run` does; `meanwhile` gets
// that process's pid.
int foreground(const std::function<int()>& container,
               const std::function<void(pid_t)>& meanwhile = {},
               const std::function<void()>& before = {}) {
  const pid_t runtime = fork();
  if (runtime == 0) {
    if (before) {
      before();
    }
    Result<SignalForward> signals = SignalForward::create();
    const pid_t pid = start(container);
    const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0U)));
    std::optional<TerminalRelay> none;
    const Result<int> status = wait_foreground(*signals, pidfd.get(), pid, none, nullptr);
    _exit(status ? *status : kFailed);
  }
  if (meanwhile) {
    meanwhile(runtime);
  }
  int status = 0;
  waitpid(runtime, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(WaitForeground, ReturnsTheExitStatus) {
  EXPECT_EQ(foreground([] { return 0; }), 0);
  EXPECT_EQ(foreground([] { return 42; }), 42);
  EXPECT_EQ(foreground([] { return raise(SIGKILL); }), 128 + SIGKILL);
  EXPECT_EQ(foreground([] { return raise(SIGXCPU); }), 128 + SIGXCPU);
}

// Every signal that an engine may send goes to the container, none to the runtime, none twice.
TEST(WaitForeground, ForwardsSignalsExactlyOnce) {
  for (const int signal : {SIGTERM,
                           SIGINT,
                           SIGHUP,
                           SIGQUIT,
                           SIGUSR1,
                           SIGPIPE,
                           SIGTSTP,
                           SIGALRM,
                           SIGCONT,
                           SIGRTMIN,
                           SIGRTMAX}) {
    int blocked[2];  // the container says that it has blocked the signal
    ASSERT_EQ(pipe2(blocked, O_CLOEXEC), 0);
    const auto container = [signal, &blocked] {
      sigset_t wanted;
      sigemptyset(&wanted);
      sigaddset(&wanted, signal);
      sigprocmask(SIG_BLOCK, &wanted, nullptr);
      if (write(blocked[1], "", 1) != 1) {
        return 3;
      }
      const timespec patience = {3, 0};
      siginfo_t info{};
      if (sigtimedwait(&wanted, &info, &patience) != signal) {
        return 1;
      }
      const timespec brief = {0, 50000000};
      return sigtimedwait(&wanted, &info, &brief) == -1 ? 0 : 2;
    };
    EXPECT_EQ(foreground(container,
                         [signal, &blocked](pid_t runtime) {
                           char byte = 0;
                           EXPECT_EQ(read(blocked[0], &byte, 1), 1);
                           kill(runtime, signal);
                         }),
              0)
        << signal;
    close(blocked[0]);
    close(blocked[1]);
  }
}

TEST(WaitForeground, KeepsSomeSignalsToItself) {
  for (const int signal : {SIGCHLD, SIGURG, SIGWINCH}) {
    const auto container = [signal] {
      sigset_t wanted;
      sigemptyset(&wanted);
      sigaddset(&wanted, signal);
      sigprocmask(SIG_BLOCK, &wanted, nullptr);
      const timespec patience = {0, 300000000};
      return sigtimedwait(&wanted, nullptr, &patience) == -1 ? 0 : 1;
    };
    EXPECT_EQ(foreground(container,
                         [signal](pid_t runtime) {
                           usleep(50000);
                           kill(runtime, signal);
                         }),
              0)
        << signal;
  }
}

TEST(WaitForeground, SignalBeforeTheChildIsNotLost) {
  EXPECT_EQ(foreground([] { return pause(); },
                       {},
                       [] {
                         Result<SignalForward> outer = SignalForward::create();
                         raise(SIGTERM);                        // pending until the loop reads it
                         new SignalForward(std::move(*outer));  // stays blocked
                       }),
            128 + SIGTERM);
}

// conmon ignores SIGCHLD's cousin SIGPIPE, others ignore SIGCHLD itself: the status must still
// come.
TEST(WaitForeground, WorksWhenTheCallerIgnoresSigchld) {
  EXPECT_EQ(foreground([] { return 9; }, {}, [] { signal(SIGCHLD, SIG_IGN); }), 9);
}

TEST(WaitForeground, ReapsOrphansAsASubreaper) {
  const auto container = [] {
    int report[2];
    pid_t orphan = -1;
    if (pipe2(report, O_CLOEXEC) != 0) {
      return 1;
    }
    const pid_t parent = fork();
    if (parent == 0) {
      orphan = fork();
      if (orphan == 0) {
        usleep(20000);
        _exit(1);
      }
      _exit(write(report[1], &orphan, sizeof orphan) == sizeof orphan ? 0 : 1);
    }
    waitpid(parent, nullptr, 0);
    if (read(report[0], &orphan, sizeof orphan) != sizeof orphan) {
      return 2;
    }
    for (int i = 0; i < 200 && kill(orphan, 0) == 0; ++i) {
      usleep(10000);  // a zombie still exists
    }
    return kill(orphan, 0) == 0 ? 3 : 6;
  };
  EXPECT_EQ(foreground(container, {}, [] { prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }), 6);
}

TEST(SignalForward, GivesMaskAndDispositionBack) {
  signal(SIGCHLD, SIG_IGN);
  sigset_t before, during, after;
  pthread_sigmask(SIG_BLOCK, nullptr, &before);
  {
    const Result<SignalForward> signals = SignalForward::create();
    ASSERT_TRUE(signals);
    pthread_sigmask(SIG_BLOCK, nullptr, &during);
    EXPECT_EQ(sigismember(&during, SIGTERM), 1);
    EXPECT_EQ(sigismember(&during, SIGSEGV), 0);
    EXPECT_EQ(sigismember(&signals->former_mask(), SIGTERM), 0);
  }
  pthread_sigmask(SIG_BLOCK, nullptr, &after);
  EXPECT_EQ(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
  EXPECT_EQ(signal(SIGCHLD, SIG_DFL), SIG_IGN);
}

}  // namespace
}  // namespace redoubt::launch
