// The passes of policy::resolve, one concept each, in the order of resolve.cc. A pass reads the
// Request and what earlier passes have put into the Plan, and fills its own part.
#ifndef REDOUBT_POLICY_PASSES_H_
#define REDOUBT_POLICY_PASSES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/resolve.h"

namespace redoubt::policy {

// Never null: an absent `linux` reads as an empty one.
const oci::Linux& linux_section(const oci::Spec& spec);

Status pass_identity(const Request& request,
                     plan::Plan& plan);  // id, bundle, keyring, hostname
Status pass_namespaces(const Request& request,
                       plan::Plan& plan);  // types, paths, id maps, time offsets
Status pass_rootfs(const Request& request, plan::Plan& plan);
Status pass_mounts(const Request& request, plan::Plan& plan);  // needs namespaces
Status pass_devices(const Request& request, plan::Plan& plan);
Status pass_paths(const Request& request, plan::Plan& plan);    // masked, read-only, sysctl
Status pass_process(const Request& request, plan::Plan& plan);  // needs namespaces
Status pass_seccomp(const Request& request, plan::Plan& plan);
Status pass_cgroup(const Request& request, plan::Plan& plan);  // needs namespaces, mounts
Status pass_intel_rdt(const Request& request, plan::Plan& plan);
Status pass_net_devices(const Request& request, plan::Plan& plan);
Status pass_hooks(const Request& request, plan::Plan& plan);  // needs process

Status pass_policy(const Request& request, plan::Plan& plan);  // after all others

// Parts of the passes.
plan::Capabilities resolve_capabilities(const std::optional<oci::Capabilities>& capabilities,
                                        const plan::HostFacts& host,
                                        std::vector<std::string>& warnings);
Result<std::vector<plan::Rlimit>> resolve_rlimits(const std::vector<oci::Rlimit>& rlimits);
Result<plan::Scheduler> resolve_scheduler(const oci::Scheduler& scheduler);
Result<int> resolve_io_priority(const oci::IoPriority& priority);
Result<plan::MemoryPolicy> resolve_memory_policy(const oci::MemoryPolicy& policy);
Result<unsigned long> resolve_personality(const oci::Personality& personality,
                                          std::vector<std::string>& warnings);
std::vector<plan::IdMapping> map_ids(const std::vector<oci::IdMapping>& mappings);
Status check_labels(const oci::Process& process, const plan::HostFacts& host);

// "linux.devices[3]".
std::string indexed(std::string_view field, size_t index);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_PASSES_H_
