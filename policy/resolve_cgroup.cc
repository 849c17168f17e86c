// The cgroup: driver, path, limits, device rules, properties of the systemd unit, delegation.
#include <sys/mount.h>

#include <algorithm>

#include "base/str.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

constexpr std::string_view kPropertyPrefix = "org.systemd.property.";
constexpr size_t kMinPropertyName = 3;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Status check_systemd_path(const std::string& path) {
  if (!path.empty() && std::count(path.begin(), path.end(), ':') != 2) {
    return Error::invalid(concat(
        "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got ",
        quote(path),
        " instead"));
  }
  return {};
}

// The name goes into a D-Bus message: letters only, so that it can be nothing but a property. The
// value's text is GVariant and parsed where the message is made.
Status add_properties(const oci::Annotations& annotations, plan::Cgroup& cgroup) {
  for (const auto& [key, value] : annotations) {
    if (key.rfind(kPropertyPrefix, 0) != 0) {
      continue;
    }
    const std::string name = key.substr(kPropertyPrefix.size());
    if (name.size() < kMinPropertyName) {
      return Error::invalid(concat("annotation ", key, " name incorrect: too short"));
    }
    if (!std::all_of(name.begin(), name.end(), is_letter)) {
      return Error::invalid(
          concat("annotation ", key, " name incorrect: contains non-alphabetic character"));
    }
    cgroup.systemd_properties.emplace_back(name, value);
  }
  return {};
}

// A container that can write to its own cgroup tree and sees only that tree may manage it.
bool is_delegated(const plan::Plan& plan) {
  return plan.creates(plan::NamespaceType::kCgroup) &&
         std::any_of(plan.mounts.begin(), plan.mounts.end(), [](const plan::Mount& m) {
           return m.kind == plan::MountKind::kCgroup && m.destination == "/sys/fs/cgroup" &&
                  ((m.attr_set | m.rec_attr_set) & MOUNT_ATTR_RDONLY) == 0;
         });
}

Status add_resources(const oci::Resources& resources, plan::Plan& plan) {
  TRY_ASSIGN(plan.cgroup.writes, resolve_resources(resources));
  for (std::string& warning : ignored_resources(resources)) {
    plan.warnings.push_back(std::move(warning));
  }
  plan.cgroup.check_memory_before_update =
      resources.memory && resources.memory->check_before_update.value_or(false);
  return {};
}

}  // namespace

Status pass_cgroup(const Request& request, plan::Plan& plan) {
  const oci::Linux& config = linux_section(request.spec);
  plan.cgroup.path = config.cgroups_path;
  if (request.systemd_cgroup) {
    plan.cgroup.driver = plan::CgroupDriver::kSystemd;
    TRY(check_systemd_path(config.cgroups_path));
    TRY(add_properties(request.spec.annotations, plan.cgroup));
  }
  if (config.resources) {
    TRY(add_resources(*config.resources, plan));
  }
  TRY_ASSIGN(plan.cgroup.device_rules, resolve_device_rules(config));
  plan.cgroup.delegate = is_delegated(plan);
  return {};
}

}  // namespace redoubt::policy
