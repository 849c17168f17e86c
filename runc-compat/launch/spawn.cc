#include "runc-compat/launch/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"

namespace redoubt::launch {
namespace {

constexpr size_t kStackSize = 32768;

// What the child reads; it runs in our memory on a stack of its own, while we are suspended.
struct ChildStart {
  const int* inherited_fds;
  size_t inherited_count;
  int image_fd;
  char* args[4];
  int failed = 0;  // errno of execveat, written by the child
};

// Only direct system calls from here to execveat; errno is the parent's, which does not run
// meanwhile.
[[noreturn]] void run_child(ChildStart* start) {
  for (size_t i = 0; i < start->inherited_count; ++i) {
    ::syscall(SYS_fcntl, start->inherited_fds[i], F_SETFD, 0);
  }
  char* no_environment[] = {nullptr};
  ::syscall(SYS_execveat, start->image_fd, "", start->args, no_environment, AT_EMPTY_PATH);
  start->failed = errno;
  ::syscall(SYS_exit_group, 255);
  __builtin_unreachable();
}

#if defined(__x86_64__)
// clone3(2) on a new stack: the child must not return into our frame.
__attribute__((noinline)) long clone_child(clone_args* arguments, ChildStart* start) {
  long result = SYS_clone3;
  register long function __asm__("r8") = reinterpret_cast<long>(&run_child);
  register long argument __asm__("r9") = reinterpret_cast<long>(start);
  __asm__ volatile(
      "syscall\n"
      "test %%rax, %%rax\n"
      "jnz 1f\n"
      "xor %%ebp, %%ebp\n"
      "mov %%r9, %%rdi\n"
      "call *%%r8\n"
      "ud2\n"
      "1:\n"
      : "+a"(result)
      : "D"(arguments), "S"(sizeof *arguments), "r"(function), "r"(argument)
      : "rcx", "r11", "memory");
  return result;
}
constexpr bool kSharesMemory = true;
#else
// Without an assembly stub for this architecture: an ordinary copy of the process.
long clone_child(clone_args* arguments, ChildStart* start) {
  const long pid = ::syscall(SYS_clone3, arguments, sizeof *arguments);
  if (pid == 0) {
    run_child(start);
  }
  return pid < 0 ? -errno : pid;
}
constexpr bool kSharesMemory = false;
#endif

// All signals wait while the child shares our memory: a handler must not run in it.
class BlockSignals {
 public:
  BlockSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &former_);
  }
  ~BlockSignals() { ::sigprocmask(SIG_SETMASK, &former_, nullptr); }
  BlockSignals(const BlockSignals&) = delete;
  BlockSignals& operator=(const BlockSignals&) = delete;

 private:
  sigset_t former_{};
};

long clone_once(clone_args* arguments, ChildStart* start) {
  alignas(16) static char stack[kStackSize];
  if (kSharesMemory) {
    arguments->flags |= CLONE_VM | CLONE_VFORK;
    arguments->stack = reinterpret_cast<uint64_t>(stack);
    arguments->stack_size = sizeof stack;
  }
  return clone_child(arguments, start);
}

}  // namespace

Result<SpawnedChild> spawn_init(const init::PreparedInit& prepared, int image_fd, int cgroup_fd) {
  std::string name = "redoubt-init";
  std::string arena_number = concat(prepared.arena.get());
  std::string awaits_parent = init::kAwaitsParent;
  ChildStart start{prepared.inherited_fds.data(),
                   prepared.inherited_fds.size(),
                   image_fd,
                   {name.data(),
                    arena_number.data(),
                    prepared.awaits_parent ? awaits_parent.data() : nullptr,
                    nullptr}};
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = prepared.clone_flags | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  SpawnedChild child;
  const BlockSignals blocked;
  long pid = -EOPNOTSUPP;
  if (cgroup_fd >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<uint64_t>(cgroup_fd);
    pid = clone_once(&arguments, &start);
    child.in_cgroup = pid > 0;
  }
  if (pid == -EOPNOTSUPP || pid == -EACCES || pid == -EBUSY || pid == -E2BIG) {
    arguments.flags &= ~uint64_t{CLONE_INTO_CGROUP};
    arguments.cgroup = 0;
    start.args[2] = awaits_parent.data();
    pid = clone_once(&arguments, &start);
  }
  if (pid < 0) {
    return Error::system(static_cast<int>(-pid), "clone3");
  }
  child.pid = static_cast<pid_t>(pid);
  child.pidfd.reset(pidfd);
  child.awaits_parent = start.args[2] != nullptr;
  if (start.failed != 0) {
    ::waitpid(child.pid, nullptr, 0);
    return Error::system(start.failed, "execute redoubt-init");
  }
  return child;
}

}  // namespace redoubt::launch
