// Namespaces and what depends on them: config-linux.md, "Namespaces", "User namespace mappings",
// "Offset for Time Namespace", "Network Devices".
#include <algorithm>
#include <set>

#include "oci/validate_parts.h"

namespace redoubt::oci {
namespace {

constexpr std::string_view kTypes[] = {
    "cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"};
constexpr size_t kMaxMappings = 340;  // lines of uid_map since Linux 4.15, user_namespaces(7)
constexpr uint32_t kNanosecondsPerSecond = 1000000000;
constexpr size_t kMaxInterfaceName = 15;  // IFNAMSIZ - 1, netdevice(7)

// config-linux.md, "Namespaces": known types, none twice, paths absolute.
Status validate_list(const std::vector<Namespace>& namespaces) {
  for (size_t i = 0; i < namespaces.size(); ++i) {
    const Namespace& ns = namespaces[i];
    const std::string field = indexed("linux.namespaces", i);
    if (std::find(std::begin(kTypes), std::end(kTypes), ns.type) == std::end(kTypes)) {
      return refuse(field, concat("namespace ", quote(ns.type), " does not exist"));
    }
    for (size_t j = 0; j < i; ++j) {
      if (namespaces[j].type == ns.type) {
        return refuse(field, concat("malformed spec file: duplicated ns ", quote(ns.type)));
      }
    }
    if (!ns.path.empty()) {
      TRY(validate_absolute(ns.path, field + ".path"));
    }
  }
  return {};
}

bool overlap(uint64_t a, uint64_t b, uint64_t a_size, uint64_t b_size) {
  return a < b + b_size && b < a + a_size;
}

bool maps_root(const std::vector<IdMapping>& mappings) {
  return std::any_of(mappings.begin(), mappings.end(), [](const IdMapping& m) {
    return m.container_id == 0 && m.size > 0;
  });
}

Status validate_new_user_namespace(const Linux& config) {
  if (config.uid_mappings.empty() && config.gid_mappings.empty()) {
    return refuse(
        "linux.uidMappings",
        "user namespaces enabled, but no namespace path to join nor mappings to apply specified");
  }
  if (config.uid_mappings.empty()) {
    return refuse("linux.uidMappings", "user namespaces enabled, but no uid mappings found");
  }
  if (config.gid_mappings.empty()) {
    return refuse("linux.gidMappings", "user namespaces enabled, but no gid mappings found");
  }
  TRY(validate_id_mappings(config.uid_mappings, "linux.uidMappings"));
  TRY(validate_id_mappings(config.gid_mappings, "linux.gidMappings"));
  if (!maps_root(config.uid_mappings)) {
    return refuse("linux.uidMappings", "user namespaces enabled, but no mapping found for uid 0");
  }
  if (!maps_root(config.gid_mappings)) {
    return refuse("linux.gidMappings", "user namespaces enabled, but no mapping found for gid 0");
  }
  return {};
}

// config-linux.md, "User namespace mappings". Mappings beside a path to join are compared with that
// namespace by the launcher.
Status validate_user_namespace(const Linux& config) {
  const Namespace* user = find_namespace(config, "user");
  if (user == nullptr) {
    if (!config.uid_mappings.empty() || !config.gid_mappings.empty()) {
      return refuse(
          config.uid_mappings.empty() ? "linux.gidMappings" : "linux.uidMappings",
          "user namespace mappings specified, but user namespace isn't enabled in the config");
    }
    return {};
  }
  return user->path.empty() ? validate_new_user_namespace(config) : Status();
}

// config-linux.md, "Offset for Time Namespace"; time_namespaces(7).
Status validate_time_offsets(const Linux& config) {
  if (config.time_offsets.empty()) {
    return {};
  }
  const Namespace* time = find_namespace(config, "time");
  if (time == nullptr) {
    return refuse(
        "linux.timeOffsets",
        "time namespace offsets specified, but time namespace isn't enabled in the config");
  }
  if (!time->path.empty()) {
    return refuse("linux.timeOffsets",
                  "time namespace enabled, but both namespace path and time offsets specified -- "
                  "you may only "
                  "provide one");
  }
  for (const auto& [clock, offset] : config.time_offsets) {
    const std::string field = concat("linux.timeOffsets[", quote(clock), "]");
    if (clock != "monotonic" && clock != "boottime") {
      return refuse(field, "unknown clock; known: boottime, monotonic");
    }
    if (offset.nanosecs >= kNanosecondsPerSecond) {
      return refuse(field + ".nanosecs", concat(offset.nanosecs, " is not below 1000000000"));
    }
  }
  return {};
}

bool is_interface_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxInterfaceName && name != "." && name != ".." &&
         name.find_first_of("/: \t\n\v\f\r") == std::string_view::npos;
}

// config-linux.md, "Network Devices": names as the kernel's dev_valid_name() has them, targets
// unique.
Status validate_net_devices(const Linux& config) {
  if (!config.net_devices.empty() && find_namespace(config, "network") == nullptr) {
    return refuse("linux.netDevices", "unable to move network devices without a NET namespace");
  }
  std::set<std::string_view> targets;
  for (const auto& [host_name, name] : config.net_devices) {
    const std::string field = concat("linux.netDevices[", quote(host_name), "]");
    const std::string& target = name.empty() ? host_name : name;
    if (!is_interface_name(host_name) || !is_interface_name(target)) {
      return refuse(field,
                    concat("invalid network device name ",
                           quote(is_interface_name(host_name) ? target : host_name)));
    }
    if (!targets.insert(target).second) {
      return refuse(field, concat("a second network device would be named ", quote(target)));
    }
  }
  return {};
}

// config.md, "Hostname", "Domainname"; config-linux.md, "Namespaces": without a namespace of its own the
// container would change the host's. Of the mount namespace that is not only what config.json has of
// mounts: entering the rootfs detaches the old root, for every process of the namespace.
Status validate_private_parts(const Spec& spec) {
  const Linux& config = *spec.linux_;
  if (find_namespace(config, "uts") == nullptr) {
    if (!spec.hostname.empty()) {
      return refuse("hostname", "unable to set hostname without a private UTS namespace");
    }
    if (!spec.domainname.empty()) {
      return refuse("domainname", "unable to set domainname without a private UTS namespace");
    }
  }
  if (find_namespace(config, "mount") == nullptr) {
    return refuse("linux.namespaces",
                  "unable to make the root file system without a private MNT namespace: the mounts "
                  "and pivot_root(2) would be the host's; add {\"type\": \"mount\"}");
  }
  return {};
}

}  // namespace

Status validate_id_mappings(const std::vector<IdMapping>& mappings, std::string_view field) {
  if (mappings.size() > kMaxMappings) {
    return refuse(field, concat(mappings.size(), " entries, kernel limit ", kMaxMappings));
  }
  for (size_t i = 0; i < mappings.size(); ++i) {
    const IdMapping& m = mappings[i];
    const std::string entry = indexed(field, i);
    if (m.size == 0) {
      return refuse(entry + ".size", "must not be 0");
    }
    // The last id, 2^32-1, is (uid_t)-1 and cannot be mapped.
    if (uint64_t{m.container_id} + m.size > UINT32_MAX ||
        uint64_t{m.host_id} + m.size > UINT32_MAX) {
      return refuse(entry, concat("size ", m.size, " reaches beyond the last id, 4294967294"));
    }
    for (size_t j = 0; j < i; ++j) {
      const IdMapping& other = mappings[j];
      if (overlap(m.container_id, other.container_id, m.size, other.size) ||
          overlap(m.host_id, other.host_id, m.size, other.size)) {
        return refuse(entry, concat("overlaps [", j, "]"));
      }
    }
  }
  return {};
}

const Namespace* find_namespace(const Linux& config, std::string_view type) {
  const auto found = std::find_if(config.namespaces.begin(),
                                  config.namespaces.end(),
                                  [&](const Namespace& ns) { return ns.type == type; });
  return found == config.namespaces.end() ? nullptr : &*found;
}

Status validate_namespaces(const Spec& spec) {
  TRY(validate_list(spec.linux_->namespaces));
  TRY(validate_user_namespace(*spec.linux_));
  TRY(validate_time_offsets(*spec.linux_));
  TRY(validate_net_devices(*spec.linux_));
  return validate_private_parts(spec);
}

}  // namespace redoubt::oci
