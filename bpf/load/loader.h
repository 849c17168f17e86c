// Loads the set of programs once for the whole node, attaches and pins it. In redoubt-dl, for it
// needs libbpf; the caller (bpf/set.cc) holds the lock, and this process with it.
//
// One program a hook, shared by all containers. A newer set is attached before the older one goes,
// and shares its maps: running containers keep their policy, and both judge in between (the stricter
// answer counts).
#ifndef REDOUBT_BPF_LOAD_LOADER_H_
#define REDOUBT_BPF_LOAD_LOADER_H_

#include "base/result.h"

namespace redoubt::bpf {

// ErrorKind::kUnsupported or kSystem with the reason; what was there before is unchanged then. Needs
// CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN) in the initial user namespace. `verbose`: libbpf's
// complaints go to stderr.
Status attach_programs(bool verbose);

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_LOAD_LOADER_H_
