// redoubt-vm: executed by redoubt-init as a container's process on the host, when the container is in
// a machine. Descriptor 3 is the channel to the runtime, 4 the task, 5 exec.fifo when `start` is to
// follow.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "escalate-vm/monitor/container_client.h"
#include "escalate-vm/monitor/exec_client.h"
#include "escalate-vm/monitor/jail.h"
#include "escalate-vm/monitor/monitor.h"

namespace redoubt::vm {
namespace {

constexpr int kRuntimeFd = 3;
constexpr int kTaskFd = 4;
constexpr int kFifoFd = 5;

UniqueFd take_fifo() {
  return UniqueFd(::fcntl(kFifoFd, F_GETFD) >= 0 ? kFifoFd : -1);
}

Result<int> run_machine(RuntimeChannel runtime, UniqueFd task_fd) {
  Result<MachineTask> task = read_machine_task(task_fd.get());
  if (!task) {
    runtime.fail(task.error().message());
    return kFailedStatus;
  }
  task_fd.reset();
  Monitor monitor(std::move(*task), std::move(runtime), take_fifo());
  return monitor.run();
}

Result<int> run(const char* role) {
  RuntimeChannel runtime(kRuntimeFd);
  UniqueFd task(kTaskFd);
  for (const int fd : {kRuntimeFd, kTaskFd, kFifoFd}) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  if (::strcmp(role, "machine") == 0) {
    return run_machine(std::move(runtime), std::move(task));
  }
  Result<int> status = ::strcmp(role, "container") == 0 ? run_container(std::move(task), take_fifo(), runtime)
                                                        : run_exec(std::move(task), runtime);
  if (!status && runtime.is_open()) {
    runtime.fail(status.error().message());
    return kFailedStatus;
  }
  return status;
}

}  // namespace
}  // namespace redoubt::vm

int main(int argc, char** argv) {
  if (argc != 2) {
    ::fputs("redoubt-vm: started by redoubt alone\n", stderr);
    return redoubt::vm::kFailedStatus;
  }
  ::prctl(PR_SET_DUMPABLE, 0);
  redoubt::ignore(redoubt::vm::forbid_core_files(), "not dumpable as it is");
  const redoubt::Result<int> status = redoubt::vm::run(argv[1]);
  if (!status) {
    ::fprintf(stderr, "redoubt-vm: %s\n", status.error().message().c_str());
    return redoubt::vm::kFailedStatus;
  }
  return *status;
}
