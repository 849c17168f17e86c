#include "policy/resolve.h"

#include <array>

#include "base/str.h"
#include "plan/capability_names.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

using Pass = Status (*)(const Request&, plan::Plan&);

// The order is part of the contract: a pass may rely on those above it. Hardening comes last: it sees
// the whole of what config.json asked for, and only takes away (harden.cc).
constexpr auto kPasses = std::to_array<Pass>({
    pass_identity,
    pass_namespaces,
    pass_rootfs,
    pass_mounts,
    pass_devices,
    pass_paths,
    pass_process,
    pass_seccomp,
    pass_cgroup,
    pass_intel_rdt,
    pass_net_devices,
    pass_hooks,
    pass_policy,
});

}  // namespace

const oci::Linux& linux_section(const oci::Spec& spec) {
  static const oci::Linux kEmpty;
  return spec.linux_ ? *spec.linux_ : kEmpty;
}

std::string indexed(std::string_view field, size_t index) {
  return concat(field, "[", index, "]");
}

plan::HostFacts facts_in_user_namespace(plan::HostFacts host) {
  const int last = host.last_capability < 0 ? 0 : host.last_capability;
  host.bounding_capabilities = last >= 63 ? ~uint64_t{0} : (uint64_t{1} << (last + 1)) - 1;
  return host;
}

Status pass_identity(const Request& request, plan::Plan& plan) {
  plan.id = request.id;
  plan.bundle = request.bundle;
  plan.rootless = request.rootless;
  plan.new_keyring = !request.no_new_keyring;
  plan.annotations = request.spec.annotations;
  plan.hostname = request.spec.hostname;
  plan.domainname = request.spec.domainname;
  return {};
}

Result<plan::Plan> resolve(const Request& request) {
  plan::Plan plan;
  for (const Pass pass : kPasses) {
    TRY(pass(request, plan));
  }
  return plan;
}

}  // namespace redoubt::policy
