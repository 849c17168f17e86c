// Seccomp: words become actions, operators and flags. Nothing unknown is ever read as "allow": it
// is an error that names the rule. libseccomp compiles the result (sandbox/seccomp).
#include <linux/seccomp.h>

#include <algorithm>

#include "base/str.h"
#include "plan/seccomp_names.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

constexpr uint32_t kDefaultErrno = 1;       // EPERM
constexpr uint32_t kMaxErrno = 4095;        // MAX_ERRNO of the kernel; larger values would be cut
constexpr uint32_t kMaxTraceData = 0xffff;  // SECCOMP_RET_DATA
constexpr uint32_t kMaxArgument = 5;

Result<plan::SeccompAction> action_of(const std::string& name, std::string_view field) {
  const auto action = plan::find_seccomp_action(name);
  if (!action) {
    return Error::invalid(concat(field, ": string ", name, " is not a valid action for seccomp"));
  }
  return *action;
}

Result<uint32_t> errno_of(plan::SeccompAction action,
                          const std::optional<uint32_t>& value,
                          std::string_view field) {
  const bool is_errno = action == plan::SeccompAction::kErrno;
  if (!value || (!is_errno && action != plan::SeccompAction::kTrace)) {
    return kDefaultErrno;
  }
  if (*value > (is_errno ? kMaxErrno : kMaxTraceData)) {
    return Error::invalid(concat(field, ": ", *value, " is out of range"));
  }
  return *value;
}

Result<uint32_t> flags_of(const oci::Seccomp& seccomp) {
  if (!seccomp.flags) {
    return SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  }
  uint32_t flags = 0;
  for (size_t i = 0; i < seccomp.flags->size(); ++i) {
    const std::string& name = (*seccomp.flags)[i];
    const auto flag = plan::find_number(plan::seccomp_flag_names(), name);
    if (!flag) {
      return Error::invalid(concat(indexed("linux.seccomp.flags", i),
                                   ": string ",
                                   name,
                                   " is not a valid flag for seccomp"));
    }
    flags |= static_cast<uint32_t>(*flag);
  }
  // One thread at the time of loading: nothing to synchronise.
  return flags & ~uint32_t{SECCOMP_FILTER_FLAG_TSYNC};
}

Result<std::vector<std::string>> architectures_of(const oci::Seccomp& seccomp) {
  std::vector<std::string> result;
  for (size_t i = 0; i < seccomp.architectures.size(); ++i) {
    const std::string& name = seccomp.architectures[i];
    const auto library_name = plan::find_seccomp_architecture(name);
    if (!library_name) {
      return Error::invalid(concat(indexed("linux.seccomp.architectures", i),
                                   ": string ",
                                   name,
                                   " is not a valid arch for seccomp"));
    }
    if (std::find(result.begin(), result.end(), *library_name) == result.end()) {
      result.emplace_back(*library_name);
    }
  }
  return result;
}

Result<plan::SeccompArgument> argument_of(const oci::SeccompArg& arg, std::string_view field) {
  const auto op = plan::find_seccomp_operator(arg.op);
  if (!op) {
    return Error::invalid(
        concat(field, ".op: string ", arg.op, " is not a valid operator for seccomp"));
  }
  if (arg.index > kMaxArgument) {
    return Error::invalid(
        concat(field, ".index: ", arg.index, "; system calls have arguments 0 to ", kMaxArgument));
  }
  return plan::SeccompArgument{arg.index, *op, arg.value, arg.value_two};
}

Status resolve_rule(const oci::SeccompSyscall& call,
                    const std::string& field,
                    std::vector<plan::SeccompRule>& rules) {
  plan::SeccompRule rule;
  TRY_ASSIGN(rule.action, action_of(call.action, field + ".action"));
  TRY_ASSIGN(rule.errno_ret, errno_of(rule.action, call.errno_ret, field + ".errnoRet"));
  for (size_t i = 0; i < call.args.size(); ++i) {
    TRY_ASSIGN(const plan::SeccompArgument argument,
               argument_of(call.args[i], indexed(field + ".args", i)));
    rule.arguments.push_back(argument);
  }
  rule.names = call.names;
  rules.push_back(std::move(rule));
  return {};
}

// The seccomp agent gets its descriptor by a message that init itself has to write(2).
Status check_notify(const plan::Seccomp& seccomp) {
  if (seccomp.default_action == plan::SeccompAction::kNotify) {
    return Error::invalid(
        "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action");
  }
  bool notify = false;
  for (const plan::SeccompRule& rule : seccomp.rules) {
    if (rule.action != plan::SeccompAction::kNotify) {
      continue;
    }
    notify = true;
    if (std::find(rule.names.begin(), rule.names.end(), "write") != rule.names.end()) {
      return Error::invalid("SCMP_ACT_NOTIFY cannot be used for the write syscall");
    }
  }
  if (notify && seccomp.listener_path.empty()) {
    return Error::invalid("seccomp listenerPath is not set");
  }
  return {};
}

Result<plan::Seccomp> resolve_seccomp(const oci::Seccomp& config) {
  plan::Seccomp result;
  TRY_ASSIGN(result.default_action,
             action_of(config.default_action, "linux.seccomp.defaultAction"));
  TRY_ASSIGN(
      result.default_errno_ret,
      errno_of(result.default_action, config.default_errno_ret, "linux.seccomp.defaultErrnoRet"));
  TRY_ASSIGN(result.architectures, architectures_of(config));
  TRY_ASSIGN(result.flags, flags_of(config));
  for (size_t i = 0; i < config.syscalls.size(); ++i) {
    TRY(resolve_rule(config.syscalls[i], indexed("linux.seccomp.syscalls", i), result.rules));
  }
  result.listener_path = config.listener_path;
  result.listener_metadata = config.listener_metadata;
  TRY(check_notify(result));
  return result;
}

}  // namespace

Status pass_seccomp(const Request& request, plan::Plan& plan) {
  const oci::Linux& config = linux_section(request.spec);
  // An empty section is no section, as in runc.
  if (!config.seccomp ||
      (config.seccomp->default_action.empty() && config.seccomp->syscalls.empty())) {
    return {};
  }
  TRY_ASSIGN(plan.seccomp, resolve_seccomp(*config.seccomp));
  return {};
}

}  // namespace redoubt::policy
