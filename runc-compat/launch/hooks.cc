#include "runc-compat/launch/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/str.h"
#include "base/unique_fd.h"
#include "sandbox/pidfd.h"

namespace redoubt::launch {
namespace {

constexpr size_t kOutputLimit = 4096;  // of each stream, the end is kept

struct Pipe {
  UniqueFd read_end, write_end;
};

Result<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) {
    return Error::system(errno, "pipe for a hook");
  }
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

struct HookProcess {
  pid_t pid = 0;
  UniqueFd pidfd, input, output, errors;
  std::string_view pending;  // of the state document
  std::string output_tail, error_tail;
};

int64_t monotonic_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) {
    out.push_back(const_cast<char*>(text.c_str()));
  }
  out.push_back(nullptr);
  return out;
}

Status spawn_hook(const plan::Hook& hook, Pipe& in, Pipe& out, Pipe& err, pid_t* pid) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in.read_end.get(), 0);
  ::posix_spawn_file_actions_adddup2(&actions, out.write_end.get(), 1);
  ::posix_spawn_file_actions_adddup2(&actions, err.write_end.get(), 2);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const std::vector<char*> args = pointers(hook.args);
  const std::vector<char*> env = pointers(hook.env);
  const int failed =
      ::posix_spawn(pid, hook.path.c_str(), &actions, &attributes, args.data(), env.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    return Error::system(failed, concat("fork/exec ", hook.path));
  }
  return {};
}

Result<HookProcess> start_hook(const plan::Hook& hook, const std::string& state_json) {
  TRY_ASSIGN(Pipe in, make_pipe());
  TRY_ASSIGN(Pipe out, make_pipe());
  TRY_ASSIGN(Pipe err, make_pipe());
  HookProcess process;
  TRY(spawn_hook(hook, in, out, err, &process.pid));
  TRY_ASSIGN(sandbox::Pidfd pidfd, sandbox::Pidfd::open(process.pid));
  process.pidfd = UniqueFd(::fcntl(pidfd.get(), F_DUPFD_CLOEXEC, 3));
  process.input = std::move(in.write_end);
  process.output = std::move(out.read_end);
  process.errors = std::move(err.read_end);
  ::fcntl(process.input.get(), F_SETFL, O_NONBLOCK);
  process.pending = state_json;
  return process;
}

void feed(HookProcess& process) {
  const ssize_t n = ::write(process.input.get(), process.pending.data(), process.pending.size());
  if (n > 0) {
    process.pending.remove_prefix(static_cast<size_t>(n));
  }
  if (process.pending.empty() || (n < 0 && errno != EAGAIN && errno != EINTR)) {
    process.input.reset();  // EPIPE: a hook need not read its state
  }
}

void drain(UniqueFd& fd, std::string& tail) {
  char buffer[4096];
  const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
  if (n <= 0) {
    fd.reset();
    return;
  }
  tail.append(buffer, static_cast<size_t>(n));
  if (tail.size() > kOutputLimit) {
    tail.erase(0, tail.size() - kOutputLimit);
  }
}

int reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// Feeds, drains and waits. What a hook left running may hold the pipes: the exit of the hook itself
// ends the wait.
int wait_hook(HookProcess& process, std::optional<int64_t> timeout_ms) {
  const int64_t deadline = timeout_ms ? monotonic_ms() + *timeout_ms : -1;
  for (;;) {
    pollfd polled[4] = {{process.pidfd.get(), POLLIN, 0},
                        {process.input.get(), POLLOUT, 0},
                        {process.output.get(), POLLIN, 0},
                        {process.errors.get(), POLLIN, 0}};
    const int64_t left = deadline < 0 ? -1 : std::max<int64_t>(0, deadline - monotonic_ms());
    const int ready = ::poll(polled, 4, static_cast<int>(left));
    if (ready == 0) {
      ::kill(-process.pid, SIGKILL);
      ::kill(process.pid, SIGKILL);
      reap(process.pid);
      return kHookTimedOut;
    }
    if (polled[1].revents != 0) {
      feed(process);
    }
    if (polled[2].revents != 0) {
      drain(process.output, process.output_tail);
    }
    if (polled[3].revents != 0) {
      drain(process.errors, process.error_tail);
    }
    if (polled[0].revents != 0 && polled[2].revents == 0 && polled[3].revents == 0) {
      return reap(process.pid);
    }
  }
}

std::string status_text(int status) {
  if (WIFSIGNALED(status)) {
    return concat("signal: ", to_lower(strsignal(WTERMSIG(status))));
  }
  return concat("exit status ", WEXITSTATUS(status));
}

// Seconds as Go prints a float with one digit: "1.0s".
std::string seconds_text(int64_t ms) {
  return concat(ms / 1000, ".", ms % 1000 / 100, "s");
}

// A write to a pipe whose reader is gone must be an error, not our death.
class IgnoreSigpipe {
 public:
  IgnoreSigpipe() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &former_);
  }
  // A blocked signal becomes pending even when it is ignored (signal(7)), and a foreground `run` has
  // them all blocked: it is taken here, or it would end us when the mask is put back.
  ~IgnoreSigpipe() {
    sigset_t pipe;
    ::sigemptyset(&pipe);
    ::sigaddset(&pipe, SIGPIPE);
    const timespec now{};
    while (::sigtimedwait(&pipe, nullptr, &now) < 0 && errno == EINTR) {
    }
    ::sigaction(SIGPIPE, &former_, nullptr);
  }
  IgnoreSigpipe(const IgnoreSigpipe&) = delete;
  IgnoreSigpipe& operator=(const IgnoreSigpipe&) = delete;

 private:
  struct sigaction former_ {};
};

}  // namespace

std::string_view hook_kind_name(plan::HookKind kind) {
  constexpr std::string_view kNames[plan::kHookKinds] = {
      "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"};
  return kNames[static_cast<size_t>(kind)];
}

Error hook_error(plan::HookKind kind,
                 int index,
                 int wait_status,
                 int64_t timeout_ms,
                 const std::string& out,
                 const std::string& err) {
  const std::string what = concat("error running ", hook_kind_name(kind), " hook #", index, ": ");
  if (wait_status == kHookTimedOut) {
    return {ErrorKind::kSystem,
            concat(what, "hook ran past specified timeout of ", seconds_text(timeout_ms))};
  }
  return {ErrorKind::kSystem,
          concat(what, status_text(wait_status), ", stdout: ", trim(out), ", stderr: ", trim(err))};
}

Status run_hooks(plan::HookKind kind,
                 const std::vector<plan::Hook>& hooks,
                 const std::string& state_json) {
  if (hooks.empty()) {
    return {};
  }
  const IgnoreSigpipe ignored;
  for (size_t i = 0; i < hooks.size(); ++i) {
    const int index = static_cast<int>(i);
    Result<HookProcess> process = start_hook(hooks[i], state_json);
    if (!process) {
      return std::move(process).error().add_context(
          concat("error running ", hook_kind_name(kind), " hook #", index));
    }
    const int status = wait_hook(*process, hooks[i].timeout_ms);
    if (status != 0) {
      return hook_error(kind,
                        index,
                        status,
                        hooks[i].timeout_ms.value_or(0),
                        process->output_tail,
                        process->error_tail);
    }
  }
  return {};
}

}  // namespace redoubt::launch
