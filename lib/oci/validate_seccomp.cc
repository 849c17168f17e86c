// Seccomp: config-linux.md, "Seccomp". Action, operator and architecture names are resolved later.
#include <sys/un.h>

#include "oci/validate_parts.h"

namespace redoubt::oci {
namespace {

constexpr uint32_t kMaxArgument = 5;
constexpr size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;

bool takes_errno(std::string_view action) {
  return action == "SCMP_ACT_ERRNO" || action == "SCMP_ACT_TRACE";
}

Status validate_rule(const SeccompSyscall& rule, const std::string& field, Warnings& warnings) {
  if (rule.names.empty()) {
    warnings.push_back(concat(field, ".names: empty; the rule does nothing"));
  }
  for (size_t i = 0; i < rule.names.size(); ++i) {
    if (rule.names[i].empty()) {
      return refuse(indexed(field + ".names", i), "must not be empty");
    }
  }
  if (rule.action.empty()) {
    return refuse(field + ".action", "must be given");
  }
  for (size_t i = 0; i < rule.args.size(); ++i) {
    if (rule.args[i].index > kMaxArgument) {
      return refuse(indexed(field + ".args", i) + ".index",
                    concat(rule.args[i].index, "; system calls have arguments 0 to 5"));
    }
  }
  if (rule.errno_ret && !takes_errno(rule.action)) {
    warnings.push_back(
        concat(field, ".errnoRet: ", quote(rule.action), " has no errno; it is ignored"));
  }
  return {};
}

}  // namespace

Status validate_seccomp(const Seccomp& seccomp, Warnings& warnings) {
  // runc takes a section without action and rules for none, and engines write such ones.
  if (seccomp.default_action.empty() && seccomp.syscalls.empty()) {
    return {};
  }
  if (seccomp.default_action.empty()) {
    return refuse("linux.seccomp.defaultAction", "must be given");
  }
  if (seccomp.default_errno_ret && !takes_errno(seccomp.default_action)) {
    warnings.push_back(concat("linux.seccomp.defaultErrnoRet: ",
                              quote(seccomp.default_action),
                              " has no errno; it is ignored"));
  }
  if (seccomp.listener_path.size() > kMaxSocketPath) {
    return refuse(
        "linux.seccomp.listenerPath",
        concat(seccomp.listener_path.size(), " bytes; at most ", kMaxSocketPath, ", unix(7)"));
  }
  if (seccomp.listener_path.empty() && !seccomp.listener_metadata.empty()) {
    warnings.emplace_back("linux.seccomp.listenerMetadata: ignored, there is no listenerPath");
  }
  for (size_t i = 0; i < seccomp.syscalls.size(); ++i) {
    TRY(validate_rule(seccomp.syscalls[i], indexed("linux.seccomp.syscalls", i), warnings));
  }
  return {};
}

}  // namespace redoubt::oci
