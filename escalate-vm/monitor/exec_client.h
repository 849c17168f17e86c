// "redoubt-vm exec": the process on the host that stands for one of exec in the guest. It hands its
// stdio to the monitor, passes signals on and ends as the process ended; when it is killed, so is the
// process.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_EXEC_CLIENT_H_
#define REDOUBT_ESCALATE_VM_MONITOR_EXEC_CLIENT_H_

#include "base/result.h"
#include "base/unique_fd.h"
#include "escalate-vm/monitor/runtime_channel.h"

namespace redoubt::vm {

// The status to exit with.
Result<int> run_exec(UniqueFd task, RuntimeChannel& runtime);

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_EXEC_CLIENT_H_
