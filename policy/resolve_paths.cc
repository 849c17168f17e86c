// Masked paths, read-only paths, sysctls and network devices.
#include <algorithm>
#include <set>

#include "base/str.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

std::vector<std::string> without_duplicates(const std::vector<std::string>& paths) {
  std::set<std::string> seen;
  std::vector<std::string> kept;
  for (const std::string& path : paths) {
    if (seen.insert(path).second) {
      kept.push_back(path);
    }
  }
  return kept;
}

// Both notations of sysctl(8): the first separator tells which one it is.
// "net.ipv4.conf.eth0/1.forwarding" and "net/ipv4/conf/eth0.1/forwarding" name the same file,
// net/ipv4/conf/eth0.1/forwarding.
std::string sysctl_path(std::string name) {
  const size_t separator = name.find_first_of("./");
  if (separator == std::string::npos || name[separator] == '/') {
    return name;
  }
  for (char& c : name) {
    c = c == '.' ? '/' : c == '/' ? '.' : c;
  }
  return name;
}

Status check_sysctl_path(const std::string& path, const std::string& name) {
  for (const std::string& part : split(path, '/')) {
    if (part.empty() || part == "." || part == "..") {
      return Error::invalid(concat("linux.sysctl ", quote(name), ": not a sysctl name"));
    }
  }
  return {};
}

}  // namespace

Status pass_paths(const Request& request, plan::Plan& plan) {
  const oci::Linux& config = linux_section(request.spec);
  plan.masked_paths = without_duplicates(config.masked_paths);
  plan.readonly_paths = without_duplicates(config.readonly_paths);
  for (const auto& [name, value] : config.sysctl) {
    std::string path = sysctl_path(name);
    TRY(check_sysctl_path(path, name));
    for (const auto& [known, known_value] : plan.sysctls) {
      if (known == path && known_value != value) {
        return Error::invalid(
            concat("linux.sysctl ", quote(name), ": given twice with different values"));
      }
    }
    plan.sysctls.emplace_back(std::move(path), value);
  }
  return {};
}

Status pass_net_devices(const Request& request, plan::Plan& plan) {
  const oci::Linux& config = linux_section(request.spec);
  if (!config.net_devices.empty() && request.host.euid != 0) {
    return Error::invalid("network devices are not supported for rootless containers");
  }
  for (const auto& [host_name, name] : config.net_devices) {
    plan.net_devices.emplace_back(host_name, name.empty() ? host_name : name);
  }
  return {};
}

}  // namespace redoubt::policy
