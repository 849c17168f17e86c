// Namespaces: which are created, which are joined; the identity maps and clock offsets of created
// ones.
#include "base/str.h"
#include "plan/namespace_names.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

Status add_namespace(const oci::Namespace& ns, plan::Plan& plan) {
  const std::optional<plan::NamespaceType> type = plan::find_namespace_type(ns.type);
  if (!type) {
    return Error::invalid(concat("namespace ", quote(ns.type), " does not exist"));
  }
  if (plan.find_namespace(*type) != nullptr) {
    return Error::invalid(concat("malformed spec file: duplicated ns ", quote(ns.type)));
  }
  plan.namespaces.push_back({*type, ns.path});
  return {};
}

// Engines repeat the mappings of a user namespace that they ask to join. That is tolerated when the
// namespace really has them, which only the launcher can see.
void add_id_maps(const oci::Linux& config, plan::Plan& plan) {
  const plan::Namespace* user = plan.find_namespace(plan::NamespaceType::kUser);
  if (user == nullptr) {
    return;
  }
  plan::IdMaps maps{map_ids(config.uid_mappings), map_ids(config.gid_mappings)};
  if (user->path.empty()) {
    plan.id_maps = std::move(maps);
    return;
  }
  if (!maps.empty()) {
    plan.warnings.push_back(
        "linux.uidMappings, linux.gidMappings: given beside the path of a user namespace to join; "
        "they are only compared with it");
  }
  plan.expected_id_maps = std::move(maps);
}

// Without privilege on the host only a user namespace gives the container its capabilities.
Status check_rootless(const Request& request, const plan::Plan& plan) {
  if (request.host.euid == 0) {
    return {};
  }
  const plan::Namespace* user = plan.find_namespace(plan::NamespaceType::kUser);
  if (user == nullptr) {
    return Error::invalid("rootless container requires user namespaces");
  }
  if (user->path.empty() && plan.id_maps.uid.empty()) {
    return Error::invalid("rootless containers requires at least one UID mapping");
  }
  if (user->path.empty() && plan.id_maps.gid.empty()) {
    return Error::invalid("rootless containers requires at least one GID mapping");
  }
  return {};
}

Status add_time_offsets(const Request& request, const oci::Linux& config, plan::Plan& plan) {
  if (plan.find_namespace(plan::NamespaceType::kTime) != nullptr && !request.host.time_namespaces) {
    return Error::unsupported("linux.namespaces: this kernel has no time namespaces");
  }
  for (const auto& [clock, offset] : config.time_offsets) {
    const plan::TimeOffset value{offset.secs, offset.nanosecs};
    if (clock == "monotonic") {
      plan.monotonic_offset = value;
    } else if (clock == "boottime") {
      plan.boottime_offset = value;
    } else {
      return Error::invalid(concat(
          "linux.timeOffsets: unknown clock ", quote(clock), "; known: monotonic, boottime"));
    }
  }
  return {};
}

}  // namespace

std::vector<plan::IdMapping> map_ids(const std::vector<oci::IdMapping>& mappings) {
  std::vector<plan::IdMapping> result;
  for (const oci::IdMapping& m : mappings) {
    result.push_back({m.container_id, m.host_id, m.size});
  }
  return result;
}

Status pass_namespaces(const Request& request, plan::Plan& plan) {
  const oci::Linux& config = linux_section(request.spec);
  for (const oci::Namespace& ns : config.namespaces) {
    TRY(add_namespace(ns, plan));
  }
  add_id_maps(config, plan);
  TRY(check_rootless(request, plan));
  return add_time_offsets(request, config, plan);
}

}  // namespace redoubt::policy
