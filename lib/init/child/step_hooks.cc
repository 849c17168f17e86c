// Hooks that run as children of init: createContainer (runtime's root, container's namespaces) and
// startContainer (inside, confined). prestart and createRuntime are the parent's; init only waits
// for them.
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "init/child/step.h"
#include "init/child/sys.h"
#include "init/child/text.h"

namespace redoubt::init {
namespace {

constexpr int kTimedOut = -1;

// The end of what a hook printed: enough for a message, bounded whatever it prints.
struct OutputTail {
  char data[kItemLimit] = {};
  uint32_t size = 0;

  void add(const char* text, long length) {
    for (long i = 0; i < length; ++i) {
      if (size + 1 >= sizeof data) {
        constexpr uint32_t kHalf = kItemLimit / 2;
        memmove(data, data + kHalf, size - kHalf);
        size -= kHalf;
      }
      data[size++] = text[i];
    }
    data[size] = '\0';
  }
};

struct HookRun {
  int pid_fd = -1;
  int input = -1;   // write end of its stdin
  int output = -1;  // read ends of its stdout and stderr
  int errors = -1;
  const char* state = nullptr;
  size_t state_left = 0;
  OutputTail output_tail, error_tail;
};

int64_t monotonic_ms() {
  timespec now{};
  sys::call(SYS_clock_gettime, CLOCK_MONOTONIC, sys::arg(&now));
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

[[noreturn]] void execute_hook(const HookStep& hook, int input, int output, int errors) {
  sys::call(SYS_setsid);  // a group of its own: a timeout kills what it started, too
  sys::call(SYS_dup3, input, 0, 0);
  sys::call(SYS_dup3, output, 1, 0);
  sys::call(SYS_dup3, errors, 2, 0);
  sys::close_range(3, ~0U, 0);
  const long err =
      sys::call(SYS_execve, sys::arg(hook.path), sys::arg(hook.args), sys::arg(hook.env));
  FixedText<64> text;
  text.add("execve: errno ").add_number(-err);
  sys::write(2, text.data, text.size);
  sys::exit_group(127);
}

long start_hook(const HookStep& hook, HookRun* run) {
  int input[2];
  int output[2];
  int errors[2];
  int* const pipes[] = {input, output, errors};
  for (int* ends : pipes) {
    const long err = sys::call(SYS_pipe2, sys::arg(ends), O_CLOEXEC);
    if (err < 0) {
      return err;
    }
  }
  int pid_fd = -1;
  const long pid = sys::call(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, sys::arg(&pid_fd), 0, 0);
  if (pid == 0) {
    execute_hook(hook, input[0], output[1], errors[1]);
  }
  sys::close(input[0]);
  sys::close(output[1]);
  sys::close(errors[1]);
  run->input = input[1];
  run->output = output[0];
  run->errors = errors[0];
  run->pid_fd = pid_fd;
  sys::fcntl(run->input, F_SETFL, O_NONBLOCK);
  return pid;
}

void feed_state(HookRun* run) {
  const long n = run->state_left == 0 ? 0 : sys::write(run->input, run->state, run->state_left);
  if (n > 0) {
    run->state += n;
    run->state_left -= static_cast<size_t>(n);
  }
  if (run->state_left == 0 || (n < 0 && n != -EAGAIN)) {  // EPIPE: the hook does not care
    sys::close(run->input);
    run->input = -1;
  }
}

void drain(int* fd, OutputTail* tail) {
  char buffer[1024];
  const long n = sys::read(*fd, buffer, sizeof buffer);
  if (n > 0) {
    tail->add(buffer, n);
  } else {
    sys::close(*fd);
    *fd = -1;
  }
}

// Feeds, drains and waits; the wait status, or kTimedOut. SIGPIPE is ignored meanwhile by the
// caller.
int wait_hook(long pid, HookRun* run, int64_t timeout_ms) {
  const int64_t deadline = timeout_ms < 0 ? -1 : monotonic_ms() + timeout_ms;
  for (;;) {
    pollfd polled[4] = {{run->pid_fd, POLLIN, 0},
                        {run->input, POLLOUT, 0},
                        {run->output, POLLIN, 0},
                        {run->errors, POLLIN, 0}};
    timespec left{};
    if (deadline >= 0) {
      const int64_t ms = deadline - monotonic_ms();
      if (ms <= 0) {
        sys::call(SYS_kill, -pid, SIGKILL);
        sys::call(SYS_kill, pid, SIGKILL);
        sys::call(SYS_wait4, pid, 0, 0, 0);
        return kTimedOut;
      }
      left = {ms / 1000, (ms % 1000) * 1000000};
    }
    sys::call(SYS_ppoll, sys::arg(polled), 4, deadline < 0 ? 0 : sys::arg(&left), 0, 8);
    if (run->input >= 0 && polled[1].revents != 0) {
      feed_state(run);
    }
    if (run->output >= 0 && polled[2].revents != 0) {
      drain(&run->output, &run->output_tail);
    } else if (run->errors >= 0 && polled[3].revents != 0) {
      drain(&run->errors, &run->error_tail);
    } else if (polled[0].revents != 0) {
      int status = 0;
      sys::call(SYS_wait4, pid, sys::arg(&status), 0, 0);
      return status;
    }
  }
}

void ignore_sigpipe(bool ignore) {
  struct {
    unsigned long handler;
    unsigned long flags;
    unsigned long restorer;
    unsigned long mask;
  } action{ignore ? 1UL : 0UL, 0, 0, 0};
  sys::call(SYS_rt_sigaction, SIGPIPE, sys::arg(&action), 0, sizeof action.mask);
}

// The state document with our pid in its place (JSON allows the blanks that remain in front).
void write_pid(const HookState& state, int64_t pid) {
  FixedText<24> digits;
  digits.add_number(pid);
  memcpy(state.text + state.pid_end - digits.size, digits.data, digits.size);
}

StepStatus run_hooks(const Span<HookStep>& hooks,
                     const HookState& state,
                     InitStep step,
                     int64_t pid,
                     Context& context) {
  ignore_sigpipe(true);
  write_pid(state, pid);
  for (uint32_t i = 0; i < hooks.size; ++i) {
    HookRun run;
    run.state = state.text;
    run.state_left = state.size;
    const long child = start_hook(hooks.data[i], &run);
    const int status = child < 0 ? static_cast<int>(-child)
                                 : wait_hook(child, &run, hooks.data[i].timeout_ms);
    sys::close(run.pid_fd);
    sys::close(run.input);
    sys::close(run.output);
    sys::close(run.errors);
    if (status != 0) {
      const int index = static_cast<int>(i);
      send_message(context, SyncWord::kHookOutput, step, 0, index, run.output_tail.data);
      send_message(context, SyncWord::kHookFailed, step, status, index, run.error_tail.data);
      if (step ==
          InitStep::kStartContainerHooks) {  // the parent is gone: the caller reads our stderr
        static constexpr char kText[] = "startContainer hook failed\n";
        sys::write(2, kText, sizeof kText - 1);
      }
      sys::exit_group(255);
    }
  }
  ignore_sigpipe(false);
  return kOk;
}

}  // namespace

StepStatus await_runtime_hooks(const InitProgram& program, Context& context) {
  if (program.has_runtime_hooks == 0) {
    return kOk;
  }
  if (!send_message(context, SyncWord::kMountsReady, InitStep::kRuntimeHooks, 0, 0, nullptr)) {
    return {EPIPE, "parent"};
  }
  const long answer = await_proceed(context);
  return answer < 0 ? StepStatus{static_cast<int>(-answer), "parent"} : kOk;
}

StepStatus run_create_container_hooks(const InitProgram& program, Context& context) {
  if (program.create_container_hooks.size == 0) {
    return kOk;
  }
  const long err = sys::call(SYS_fchdir, context.root_fd);
  if (err < 0) {
    return {static_cast<int>(-err), program.rootfs.path};
  }
  return run_hooks(program.create_container_hooks,
                   program.hook_state_creating,
                   InitStep::kCreateContainerHooks,
                   context.host_pid,
                   context);
}

StepStatus run_start_container_hooks(const InitProgram& program, Context& context) {
  if (program.start_container_hooks.size == 0) {
    return kOk;
  }
  return run_hooks(program.start_container_hooks,
                   program.hook_state_created,
                   InitStep::kStartContainerHooks,
                   sys::call(SYS_getpid),
                   context);
}

}  // namespace redoubt::init
