// Boot: what PID 1 of an initramfs does before it can serve: a root that can be pivoted, the usual
// file systems, modules, the marker.
//
// The initial ramfs is no mount that pivot_root(2) leaves, so everything runs in a bind mount of
// it. Called once by main.
#ifndef REDOUBT_ESCALATE_VM_GUEST_AGENT_BOOT_H_
#define REDOUBT_ESCALATE_VM_GUEST_AGENT_BOOT_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "escalate-vm/protocol/request.h"

namespace redoubt::agent {

// The inner redoubt knows by this file that it runs inside of a machine.
constexpr const char* kMachineMarker = "/run/redoubt-machine";

Status boot();

// The value of `key` on the kernel's command line, empty if it is not there.
std::string kernel_argument(std::string_view command_line, std::string_view key);

// Waits for the virtio-serial port of this name, and until the host has opened its end;
// non-blocking.
Result<UniqueFd> open_port(std::string_view name);

// Clock, random numbers, host name, and the host's files at /share.
Status apply_setup(const vm::Setup& setup);

}  // namespace redoubt::agent

#endif  // REDOUBT_ESCALATE_VM_GUEST_AGENT_BOOT_H_
