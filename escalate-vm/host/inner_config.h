// The inner half of a container in a machine: config.json as the guest's redoubt is to read it. What
// names things of the host is taken out or replaced; the rest, with the container's annotations, is
// as the user wrote it, and the guest confines by it. Pure.
#ifndef REDOUBT_ESCALATE_VM_HOST_INNER_CONFIG_H_
#define REDOUBT_ESCALATE_VM_HOST_INNER_CONFIG_H_

#include <vector>

#include "base/json.h"
#include "plan/plan.h"

namespace redoubt::vm {

// `config`: the container's config.json, which `plan` was resolved from. `inherited`: see inner_process().
json::Value inner_config(json::Value config, const plan::Plan& plan, const std::vector<plan::Rlimit>& inherited);

// What of linux.resources the guest enforces; the rest is the host's, which knows the devices and the
// processors.
json::Value inner_limits(json::Value resources);

// The same for the process document of exec. `inherited`: the runtime's own limits, which a process on the
// host's kernel has where config.json names none; the guest's would be those of a small machine at boot.
json::Value inner_process(json::Value process, const std::vector<plan::Rlimit>& inherited);

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_HOST_INNER_CONFIG_H_
