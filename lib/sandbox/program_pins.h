// Programs of cgroups that stay loaded between containers: device filters, of which nearly all containers have the same few. (Lists of addresses are a
// container's own; their programs end with it.)
//
// Loading one costs more than anything else that a start asks of the kernel but its namespaces (the verifier, the JIT). So a loaded program is pinned in
// the BPF file system under the digest of its instructions, and the next container attaches the same.
// A pin is trusted as its directory is: that of the effective user, closed to all others; and what it holds must be of the type and the name asked for.
// Without a BPF file system, or without the right to use it, there are no pins and no error. Used by cgroup_program.cc, and by bpf/set.cc, which takes
// the pins away.
#ifndef REDOUBT_SANDBOX_PROGRAM_PINS_H_
#define REDOUBT_SANDBOX_PROGRAM_PINS_H_

#include <linux/bpf.h>

#include <vector>

#include "base/unique_fd.h"
#include "sandbox/cgroup_program.h"

namespace redoubt::sandbox {

// `redoubt bpf unload` takes it away; containers keep the programs that they have.
inline constexpr char kProgramPins[] = "/sys/fs/bpf/redoubt-programs";

// The loaded program; invalid when there is none.
UniqueFd find_pinned_program(const CgroupHook& hook, const std::vector<bpf_insn>& code);

// Pins it for the next call; of more than 64 programs the oldest pin goes.
void pin_program(const CgroupHook& hook, const std::vector<bpf_insn>& code, int program_fd);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_PROGRAM_PINS_H_
