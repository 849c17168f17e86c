// A process of the guest as the host is told of it, from /proc.
#ifndef REDOUBT_ESCALATE_VM_GUEST_AGENT_PROCESS_ROW_H_
#define REDOUBT_ESCALATE_VM_GUEST_AGENT_PROCESS_ROW_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "escalate-vm/protocol/message.h"

namespace redoubt::agent {

// Nothing: it is gone.
std::optional<vm::ProcessRow> read_process(pid_t pid);

// The text of /proc/PID/cmdline in printable ASCII, cut to kMaxCommand; "[comm]" when it is empty.
std::string command_line(std::string_view cmdline, std::string_view comm);

}  // namespace redoubt::agent

#endif  // REDOUBT_ESCALATE_VM_GUEST_AGENT_PROCESS_ROW_H_
