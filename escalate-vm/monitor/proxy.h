// What every proxy on the host has in common: it is a process of its own that stands for one in the guest
// and reaches the monitor of the machine over exec.sock.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_PROXY_H_
#define REDOUBT_ESCALATE_VM_MONITOR_PROXY_H_

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::vm {

Result<UniqueFd> connect_to_monitor();

// Hands on what take_signals() has for us.
void pass_signals(int signals, int socket);

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_PROXY_H_
