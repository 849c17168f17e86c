// What a verb asks of a container that is in a virtual machine.
#ifndef REDOUBT_CLI_MACHINE_H_
#define REDOUBT_CLI_MACHINE_H_

#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "escalate-vm/host/monitor_client.h"
#include "escalate-vm/protocol/message.h"
#include "escalate-vm/protocol/request.h"
#include "runc-compat/cli/container.h"

namespace redoubt::cli {

Result<vm::MonitorClient> connect_to_machine(const Container& container);

// Whether the machine is frozen: with the container whose own it is, or with the pod's sandbox.
Result<bool> is_machine_paused(const Container& container);

// Whether the machine is that of the pod's sandbox, and the host's cgroup holds only a proxy.
bool is_in_pod(const state::Record& record);

// Has the guest do it to the container. A paused machine answers nothing, so it is not asked.
Result<vm::Reply> ask_machine(const Container& container, vm::Op op, json::Value document = {});

// All processes of the container in the guest, by pid.
Result<std::vector<vm::ProcessRow>> guest_processes(const Container& container);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_MACHINE_H_
