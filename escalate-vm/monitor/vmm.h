// The programs around the guest: the VMM and the server of its files, as children of redoubt-vm in the
// same pid namespace, so that the end of redoubt-vm is theirs.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_VMM_H_
#define REDOUBT_ESCALATE_VM_MONITOR_VMM_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "escalate-vm/host/task.h"

namespace redoubt::vm {

// A network card of the guest: a tap of the container's network namespace.
struct Card {
  std::string mac;
  int tap_fd = -1;
};

// The descriptors that VMM is given; it owns nothing else.
struct VmmDescriptors {
  int control = -1;  // the guest's port kPortName
  int files = -1;    // to virtiofsd
};

// The guest's kernel command line.
std::string kernel_arguments(const MachineTask& task, const std::string& nonce, uint64_t tsc_khz);

// Arguments of QEMU's microvm machine, argv[0] included. Pure.
std::vector<std::string> qemu_arguments(const MachineTask& task,
                                        const VmmDescriptors& fds,
                                        const std::vector<Card>& cards,
                                        const std::string& kernel_arguments);

// For QEMU's own virtiofsd (up to 7.2) and for the one in Rust, by what it says to --version.
std::vector<std::string> virtiofsd_arguments(int listen_fd, std::string_view version);

struct Machine {
  pid_t vmm = -1, virtiofsd = -1;
  UniqueFd control;  // our end of the guest's port, non-blocking
  UniqueFd output;   // what VMM and virtiofsd say, for messages
};

Result<Machine> start_machine(const MachineTask& task,
                              const std::string& nonce,
                              const std::vector<Card>& cards);

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_VMM_H_
