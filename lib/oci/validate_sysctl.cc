// Sysctls: config-linux.md, "Sysctl". /proc/sys is only partly per namespace; what is not would
// change the host, so the list of what is allowed is runc's, and everything else is refused.
#include <algorithm>

#include "oci/validate_parts.h"

namespace redoubt::oci {
namespace {

constexpr std::string_view kIpc[] = {"kernel.msgmax",
                                     "kernel.msgmnb",
                                     "kernel.msgmni",
                                     "kernel.sem",
                                     "kernel.shm_rmid_forced",
                                     "kernel.shmall",
                                     "kernel.shmmax",
                                     "kernel.shmmni"};

// sysctl(8) knows two notations, told apart by the first separator:
// "net.ipv4.conf.eno2/100.forwarding" and "net/ipv4/conf/eno2.100/forwarding". This gives the
// first.
std::string dotted(std::string name) {
  const size_t separator = name.find_first_of("./");
  if (separator != std::string::npos && name[separator] == '/') {
    for (char& c : name) {
      c = c == '.' ? '/' : c == '/' ? '.' : c;
    }
  }
  return name;
}

bool is_ipc(std::string_view name) {
  return name.starts_with("fs.mqueue.") ||
         std::find(std::begin(kIpc), std::end(kIpc), name) != std::end(kIpc);
}

// In runc's words. Whether a network namespace to join is the host's is for the launcher to see.
std::string reason_against(const Linux& config, const std::string& name) {
  const auto has = [&](std::string_view type) { return find_namespace(config, type) != nullptr; };
  if (is_ipc(name)) {
    return has("ipc")
               ? ""
               : concat("sysctl ", quote(name), " is not allowed in the hosts ipc namespace");
  }
  if (name.starts_with("net.")) {
    return has("network")
               ? ""
               : concat("sysctl ", quote(name), " not allowed in host network namespace");
  }
  if (name == "kernel.domainname" && has("uts")) {
    return "";
  }
  if (name == "kernel.hostname" && has("uts")) {
    return concat(
        "sysctl ", quote(name), " is not allowed as it conflicts with the OCI \"hostname\" field");
  }
  if (name.starts_with("user.") && has("user")) {
    return "";
  }
  return concat("sysctl ", quote(name), " is not in a separate kernel namespace");
}

// No empty part and none that leads elsewhere: the name becomes a path below /proc/sys.
bool is_sysctl_name(std::string_view name) {
  const std::vector<std::string> parts = split(name, '.');
  return parts.size() > 1 && std::none_of(parts.begin(), parts.end(), [](const std::string& part) {
           return part.empty() || part == "/" || part == "//";
         });
}

}  // namespace

Status validate_sysctl(const Linux& config) {
  for (const auto& [key, value] : config.sysctl) {
    const std::string field = concat("linux.sysctl[", quote(key), "]");
    const std::string name = dotted(key);
    if (!is_sysctl_name(name)) {
      return refuse(field, "not a sysctl name");
    }
    const std::string reason = reason_against(config, name);
    if (!reason.empty()) {
      return refuse(field, reason);
    }
    // A second line would be a second write in some files.
    const size_t end = value.find('\n');
    if (end != std::string::npos && end + 1 != value.size()) {
      return refuse(field, "the value has more than one line");
    }
  }
  return {};
}

}  // namespace redoubt::oci
