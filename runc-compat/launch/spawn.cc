#include "runc-compat/launch/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "init/protocol.h"
#include "runc-compat/launch/shared_task.h"

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
void run_child(void* argument) {
  auto* start = static_cast<ChildStart*>(argument);
  for (size_t i = 0; i < start->inherited_count; ++i) {
    ::syscall(SYS_fcntl, start->inherited_fds[i], F_SETFD, 0);
  }
  char* no_environment[] = {nullptr};
  ::syscall(SYS_execveat, start->image_fd, "", start->args, no_environment, AT_EMPTY_PATH);
  start->failed = errno;
  ::syscall(SYS_exit_group, 255);
  __builtin_unreachable();
}

long clone_once(clone_args* arguments, ChildStart* start) {
  alignas(16) static char stack[kStackSize];
  if (kCanShareMemory) {
    arguments->flags |= CLONE_VM | CLONE_VFORK;
    arguments->stack = reinterpret_cast<uint64_t>(stack);
    arguments->stack_size = sizeof stack;
  }
  return clone_task(arguments, &run_child, start);
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
