// "redoubt-vm container": the process on the host that stands for a container of a pod, in the machine of
// the pod's sandbox. It hands stdio and task to the sandbox's monitor, has the container started when
// `start` says so, passes signals on and ends as the container ended.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_CONTAINER_CLIENT_H_
#define REDOUBT_ESCALATE_VM_MONITOR_CONTAINER_CLIENT_H_

#include "base/result.h"
#include "base/unique_fd.h"
#include "escalate-vm/monitor/runtime_channel.h"

namespace redoubt::vm {

// fifo: exec.fifo; invalid: the container is started at once (run). The status to exit with.
Result<int> run_container(UniqueFd task, UniqueFd fifo, RuntimeChannel& runtime);

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_CONTAINER_CLIENT_H_
