// DevicePolicy and DeviceAllow. systemd knows only lists of what is allowed; where the rules cannot
// be said that way, it is told less, never more: our own device filter, attached afterwards, is the
// one that counts.
#include <sys/stat.h>

#include "base/str.h"
#include "sandbox/device_rules.h"
#include "sandbox/systemd_properties.h"

namespace redoubt::sandbox {
namespace {

using DeviceAllow = std::vector<std::pair<std::string, std::string>>;

constexpr int kNumbersInGroups = 240;  // first systemd that takes "char-136"

std::string access_letters(const plan::DeviceRule& rule) {
  return concat(rule.read ? "r" : "", rule.write ? "w" : "", rule.mknod ? "m" : "");
}

// "" when systemd cannot name these devices.
std::string device_name(const plan::DeviceRule& rule, char type, int systemd_version) {
  const std::string kind = type == 'c' ? "char" : "block";
  if (!rule.major) {
    return rule.minor ? "" : kind + "-*";
  }
  if (!rule.minor) {
    return systemd_version >= kNumbersInGroups ? concat(kind, "-", *rule.major) : "";
  }
  return concat("/dev/", kind, "/", *rule.major, ":", *rule.minor);
}

void add_entries(const plan::DeviceRule& rule,
                 int systemd_version,
                 bool (*exists)(const std::string&),
                 DeviceAllow& out) {
  for (const char type : {'c', 'b'}) {
    if (rule.type != 'a' && rule.type != type) {
      continue;
    }
    std::string name = device_name(rule, type, systemd_version);
    if (!name.empty() && (name.front() != '/' || exists(name))) {
      out.emplace_back(std::move(name), access_letters(rule));
    }
  }
}

}  // namespace

bool device_path_exists(const std::string& path) {
  struct stat st = {};
  return ::stat(path.c_str(), &st) == 0;
}

std::vector<UnitProperty> device_properties(const std::vector<plan::DeviceRule>& rules,
                                            int systemd_version,
                                            bool (*exists)(const std::string& path)) {
  if (allows_all_devices(rules)) {
    return {{"DevicePolicy", unit_value(std::string("auto"))}, {"DeviceAllow", unit_pairs({})}};
  }
  DeviceAllow allowed;
  for (const plan::DeviceRule& rule : minimise_device_rules(rules)) {
    if (!rule.allow) {
      allowed.clear();  // an exception to what is allowed before it cannot be said
      continue;
    }
    add_entries(rule, systemd_version, exists, allowed);
  }
  std::vector<UnitProperty> properties = {{"DevicePolicy", unit_value(std::string("strict"))},
                                          // The empty list resets what was there.
                                          {"DeviceAllow", unit_pairs({})}};
  if (!allowed.empty()) {
    properties.push_back({"DeviceAllow", unit_pairs(std::move(allowed))});
  }
  return properties;
}

}  // namespace redoubt::sandbox
