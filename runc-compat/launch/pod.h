// A container of a pod whose sandbox is a machine (docs/adr/0008): what the host has for it, and its files'
// way into that machine.
#ifndef REDOUBT_LAUNCH_POD_H_
#define REDOUBT_LAUNCH_POD_H_

#include <string>

#include "base/result.h"
#include "oci/spec.h"
#include "plan/machine.h"
#include "runc-compat/state/container_dir.h"
#include "runc-compat/state/record.h"

namespace redoubt::launch {

// Where the record (its policy) says which sandbox's machine a container is in.
inline constexpr char kSandboxKey[] = "sandbox";

// Whether the container is in a machine: one of its own or its pod's.
bool is_in_machine(const state::Record& record);

// For a container that is to be made. A sandbox that this root does not know is no machine.
Result<plan::PodSandbox> probe_sandbox(const std::string& root, const oci::Spec& spec);

// For one that exists: what was found then.
plan::PodSandbox recorded_sandbox(const oci::Spec& spec, const state::Record& record);

// The sandbox whose machine the container is in; "" when it has one of its own, or none.
std::string sandbox_of(const state::Record& record);

// Shows the files that the member's process has below vm::kSharePath to the sandbox's machine.
Status share_files(const state::ContainerDir& dir, const state::Record& member);

// Takes them away. A sandbox that is gone took them along.
Status unshare_files(const state::ContainerDir& dir, const state::Record& member);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_POD_H_
