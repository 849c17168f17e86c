// Files and devices: masks, read-only paths, the root file system, sysctls, added devices.
#include <algorithm>
#include <string>
#include <vector>

#include "base/str.h"
#include "plan/namespace_names.h"
#include "policy/harden.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

bool covers(const std::string& outer, const std::string& path) {
  return path == outer || (path.starts_with(outer) && path[outer.size()] == '/');
}

// Adds what is not covered yet, for each path is a mount; how many that were.
size_t add_paths(const FieldValue& value, std::vector<std::string>& paths) {
  size_t added = 0;
  for (const Entry& entry : value.entries) {
    const bool covered = std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
      return covers(path, entry.key);
    });
    if (!covered) {
      paths.push_back(entry.key);
      ++added;
    }
  }
  return added;
}

void harden_paths(Hardener& h, Field field, std::vector<std::string>& paths) {
  if (!h.has(field)) {
    return;
  }
  const size_t added = add_paths(h.policy[field], paths);
  const size_t all = h.policy[field].entries.size();
  h.decide(field, concat(all, " paths, of which config.json has ", all - added), "mount");
}

std::string slashed(std::string name) {
  std::replace(name.begin(), name.end(), '.', '/');
  return name;
}

Status harden_sysctls(Hardener& h) {
  if (!h.has(Field::kSysctls)) {
    return {};
  }
  std::vector<std::string> of_host;
  for (const Entry& entry : h.policy[Field::kSysctls].entries) {
    const std::string path = slashed(entry.key);
    if (h.plan.find_namespace(plan::namespace_of_sysctl(path)) == nullptr) {
      of_host.push_back(entry.key);
      continue;
    }
    const auto known =
        std::find_if(h.plan.sysctls.begin(), h.plan.sysctls.end(), [&](const auto& sysctl) {
          return sysctl.first == path;
        });
    if (known == h.plan.sysctls.end()) {
      h.plan.sysctls.emplace_back(path, entry.text);
    } else if (known->second != entry.text) {
      return Error(ErrorKind::kDenied,
                   concat("linux.sysctl ",
                          quote(entry.key),
                          ": config.json asks for ",
                          quote(known->second),
                          ", ",
                          place_of(h.policy.rules[entry.rule]),
                          " says ",
                          quote(entry.text)));
    }
  }
  if (!of_host.empty()) {
    return h.degrade(Field::kSysctls, "sysctl", concat("not set, since the container shares the host's namespace: ", join(of_host, ", ")));
  }
  h.decide(Field::kSysctls, value_text(info_of(Field::kSysctls), h.policy[Field::kSysctls]), "sysctl");
  return {};
}

void harden_pids(Hardener& h) {
  const uint64_t bound = h.policy[Field::kPidsLimit].number;
  for (plan::CgroupWrite& write : h.plan.cgroup.writes) {
    if (write.file == "pids.max") {
      const auto asked = parse_number<uint64_t>(write.value);
      write.value = concat(asked ? std::min(*asked, bound) : bound);
      return;
    }
  }
  h.plan.cgroup.writes.push_back({"pids.max", concat(bound), "policy limits.pids"});
}

Status harden_pids_limit(Hardener& h) {
  if (!h.has(Field::kPidsLimit)) {
    return {};
  }
  if (!h.host.cgroup_v2_only || h.plan.rootless) {
    return h.degrade(Field::kPidsLimit,
                     "",
                     h.plan.rootless ? "without privilege the controller may be missing"
                                     : "the host's cgroups are not version 2 only");
  }
  harden_pids(h);
  h.decide(Field::kPidsLimit, concat(h.policy[Field::kPidsLimit].number), "cgroup");
  return {};
}

}  // namespace

Status harden_files(Hardener& h) {
  if (h.audits()) {
    h.layer("mounts", "audit", "masks have no audit mode: nothing added");
    return {};
  }
  harden_paths(h, Field::kFilesMasked, h.plan.masked_paths);
  harden_paths(h, Field::kFilesReadonly, h.plan.readonly_paths);
  if (h.has(Field::kReadonlyRoot) && h.policy[Field::kReadonlyRoot].number != 0) {
    h.plan.rootfs.readonly = true;
    h.decide(Field::kReadonlyRoot, "true", "mount");
  }
  h.layer("mounts",
          "active",
          concat(h.plan.masked_paths.size(), " masked, ", h.plan.readonly_paths.size(), " read-only"));
  TRY(harden_sysctls(h));
  return harden_pids_limit(h);
}

Status harden_devices(Hardener& h) {
  if (!h.has(Field::kDevicesAllow)) {
    return {};
  }
  const FieldValue& allowed = h.policy[Field::kDevicesAllow];
  const std::vector<oci::Device>& devices = linux_section(h.spec).devices;
  for (size_t i = 0; i < devices.size(); ++i) {
    if (find_entry(allowed, devices[i].path) == nullptr && !h.audits()) {
      return Error(ErrorKind::kDenied,
                   concat(indexed("linux.devices", i),
                          ": config.json asks for ",
                          devices[i].path,
                          ", ",
                          h.source_of(Field::kDevicesAllow),
                          " does not allow it (devices.allow)"));
    }
  }
  h.decide(Field::kDevicesAllow, value_text(info_of(Field::kDevicesAllow), allowed), "runtime");
  return {};
}

}  // namespace redoubt::policy
