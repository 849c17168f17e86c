// Devices: the nodes that init makes in /dev, and the rules of the cgroup's device filter.
//
// Every container gets the six nodes of the OCI spec and access to them, to its terminals and to
// /dev/net/tun, and may make (not open) any node: engines depend on it, and the list is appended
// after what config.json says.
#include <array>
#include <limits>

#include "base/str.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

constexpr mode_t kDefaultMode = 0666;
constexpr mode_t kPermissionBits = 07777;

struct DefaultDevice {
  const char* path;
  uint32_t major, minor;
};

constexpr auto kDefaultDevices = std::to_array<DefaultDevice>({
    {"/dev/null", 1, 3},
    {"/dev/random", 1, 8},
    {"/dev/full", 1, 7},
    {"/dev/tty", 5, 0},
    {"/dev/zero", 1, 5},
    {"/dev/urandom", 1, 9},
});

bool is_listed(const oci::Linux& config, std::string_view path) {
  for (const oci::Device& device : config.devices) {
    if (device.path == path) {
      return true;
    }
  }
  return false;
}

Result<uint32_t> device_number(int64_t number, std::string_view name) {
  if (number < 0 || number > std::numeric_limits<uint32_t>::max()) {
    return Error::invalid(concat(name, " ", number, " is out of range"));
  }
  return static_cast<uint32_t>(number);
}

Result<char> device_type(const std::string& type) {
  if (type == "c" || type == "u") {
    return 'c';
  }
  if (type == "b" || type == "p") {
    return type.front();
  }
  return Error::invalid(concat("invalid device type ", quote(type)));
}

Result<plan::Device> resolve_device(const oci::Device& device) {
  plan::Device result;
  result.path = device.path;
  TRY_ASSIGN(result.type, device_type(device.type));
  if (result.type != 'p') {
    TRY_ASSIGN(result.major, device_number(device.major, "major"));
    TRY_ASSIGN(result.minor, device_number(device.minor, "minor"));
  }
  result.mode = device.file_mode.value_or(kDefaultMode) & kPermissionBits;
  result.uid = device.uid.value_or(0);
  result.gid = device.gid.value_or(0);
  return result;
}

// Type "a" with -1, or no number at all: any.
Result<std::optional<uint32_t>> rule_number(const std::optional<int64_t>& number,
                                            std::string_view name) {
  if (!number || *number == -1) {
    return std::optional<uint32_t>();
  }
  TRY_ASSIGN(const uint32_t value, device_number(*number, name));
  return std::optional(value);
}

Status set_access(const std::string& access, plan::DeviceRule& rule) {
  if (access.empty()) {
    return Error::invalid("access cannot be empty; it is made of the letters r, w and m");
  }
  for (const char c : access) {
    bool& bit = c == 'r' ? rule.read : c == 'w' ? rule.write : rule.mknod;
    if (c != 'r' && c != 'w' && c != 'm') {
      return Error::invalid(
          concat("access ", quote(access), ": it is made of the letters r, w and m"));
    }
    bit = true;
  }
  return {};
}

Result<plan::DeviceRule> resolve_rule(const oci::DeviceCgroup& device) {
  plan::DeviceRule rule;
  rule.allow = device.allow;
  const std::string type = device.type.empty() ? "a" : device.type;
  if (type != "a" && type != "b" && type != "c") {
    return Error::invalid(concat("invalid cgroup device type ", quote(type)));
  }
  rule.type = type.front();
  TRY_ASSIGN(rule.major, rule_number(device.major, "major"));
  TRY_ASSIGN(rule.minor, rule_number(device.minor, "minor"));
  TRY(set_access(device.access, rule));
  return rule;
}

plan::DeviceRule allow(char type,
                       std::optional<uint32_t> major,
                       std::optional<uint32_t> minor,
                       bool open_too) {
  plan::DeviceRule rule;
  rule.allow = true;
  rule.type = type;
  rule.major = major;
  rule.minor = minor;
  rule.read = rule.write = open_too;
  rule.mknod = true;
  return rule;
}

void append_defaults(const oci::Linux& config, std::vector<plan::DeviceRule>& rules) {
  rules.push_back(allow('c', std::nullopt, std::nullopt, false));
  rules.push_back(allow('b', std::nullopt, std::nullopt, false));
  for (const DefaultDevice& device : kDefaultDevices) {
    if (!is_listed(config, device.path)) {
      rules.push_back(allow('c', device.major, device.minor, true));
    }
  }
  rules.push_back(allow('c', 136, std::nullopt, true));  // /dev/pts/*
  rules.push_back(allow('c', 5, 2, true));               // /dev/ptmx
  rules.push_back(allow('c', 10, 200, true));            // /dev/net/tun
}

bool is_deny_all(const plan::DeviceRule& rule) {
  return !rule.allow && rule.type == 'a' && !rule.major && !rule.minor && rule.read && rule.write &&
         rule.mknod;
}

// Of two entries for one path the first stays (oci::validate warns).
bool has_node(const plan::Plan& plan, const std::string& path) {
  for (const plan::Device& device : plan.devices) {
    if (device.path == path) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<std::vector<plan::DeviceRule>> resolve_device_rules(const oci::Linux& linux_section) {
  plan::DeviceRule deny_all;
  deny_all.read = deny_all.write = deny_all.mknod = true;
  std::vector<plan::DeviceRule> rules = {deny_all};
  if (linux_section.resources) {
    const auto& devices = linux_section.resources->devices;
    for (size_t i = 0; i < devices.size(); ++i) {
      TRY_ASSIGN(const plan::DeviceRule rule,
                 resolve_rule(devices[i]).context(indexed("linux.resources.devices", i)));
      if (is_deny_all(rule)) {
        rules.clear();  // nothing said before it matters
      }
      rules.push_back(rule);
    }
  }
  append_defaults(linux_section, rules);
  return rules;
}

Status pass_devices(const Request& request, plan::Plan& plan) {
  const oci::Linux& config = linux_section(request.spec);
  for (const DefaultDevice& device : kDefaultDevices) {
    if (!is_listed(config, device.path)) {
      plan.devices.push_back({device.path, 'c', device.major, device.minor, kDefaultMode, 0, 0});
    }
  }
  for (size_t i = 0; i < config.devices.size(); ++i) {
    TRY_ASSIGN(
        plan::Device device,
        resolve_device(config.devices[i])
            .context(concat(indexed("linux.devices", i), " ", quote(config.devices[i].path))));
    if (!has_node(plan, device.path)) {
      plan.devices.push_back(std::move(device));
    }
  }
  return {};
}

}  // namespace redoubt::policy
