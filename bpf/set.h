// The set of programs of this node: loading and removing it. redoubt-dl does the loading, with
// libbpf (bpf/load); a lock file lets one caller load while the others wait.
#ifndef REDOUBT_BPF_SET_H_
#define REDOUBT_BPF_SET_H_

#include <string>

#include "base/result.h"
#include "bpf/abi.h"

namespace redoubt::bpf {

inline constexpr char kRunDirectory[] = "/run/redoubt";
// On a tmpfs, so what is in it ends with the boot. Not below --root: the programs are the node's.
inline constexpr char kSetDirectory[] = "/run/redoubt/@bpf";

// mkdir -p.
Status make_set_directory();

// What is loaded afterwards. A set of this version that is there already is left as it is, unless
// `again`. Errors: load/loader.h.
Result<redoubt_meta> load_programs(bool again);

// The programs that write down what Landlock refuses, a set of their own beside it: only a container
// whose policy has files.report needs them. Nothing to do when they are there. Errors:
// load/file_reports.h; the first set is not loaded.
Status load_file_reports();
bool has_file_reports();
// Whether they could be loaded: done once, and nothing of it stays.
Status try_file_reports();

// Detaches everything, of every ABI. Containers that run keep their other layers.
Status unload_programs();

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_SET_H_
