// Whether this host can start a machine: its programs and image are there and root's alone, and the processor really
// runs guest code. A descriptor of /dev/kvm proves nothing: there are hosts whose KVM opens, and never
// lets a kernel come up.
#ifndef REDOUBT_ESCALATE_VM_HOST_PROBE_H_
#define REDOUBT_ESCALATE_VM_HOST_PROBE_H_

#include <string>

#include "plan/machine.h"

namespace redoubt::vm {

// Why no such machine can be started, and the remedy; empty: it can.
std::string machine_lack(const plan::Machine& machine);

// The same for /dev/kvm alone: runs a guest of a few instructions in a child that is killed after a
// second. "" or the lack.
std::string kvm_lack();

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_HOST_PROBE_H_
