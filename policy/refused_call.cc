#include "policy/refused_call.h"

#include <linux/sched.h>

#include <algorithm>

#include "policy/passes.h"
#include "policy/surface_table.h"

namespace redoubt::policy {
namespace {

bool holds(const plan::SeccompArgument& condition, const RefusedCall& call) {
  using Op = plan::SeccompOperator;
  if (condition.index >= call.arguments.size()) {
    return true;
  }
  const uint64_t value = call.arguments[condition.index];
  switch (condition.op) {
    case Op::kNotEqual:
      return value != condition.value;
    case Op::kLess:
      return value < condition.value;
    case Op::kLessEqual:
      return value <= condition.value;
    case Op::kEqual:
      return value == condition.value;
    case Op::kGreaterEqual:
      return value >= condition.value;
    case Op::kGreater:
      return value > condition.value;
    case Op::kMaskedEqual:
      return (value & condition.value) == condition.value_two;
  }
  return true;
}

bool names(const plan::SeccompRule& rule, std::string_view name) {
  return std::find(rule.names.begin(), rule.names.end(), name) != rule.names.end();
}

bool applies(const plan::SeccompRule& rule, const RefusedCall& call) {
  return names(rule, call.name) &&
         std::all_of(rule.arguments.begin(),
                     rule.arguments.end(),
                     [&](const plan::SeccompArgument& argument) { return holds(argument, call); });
}

// The rules of a filter agree: those that apply all refuse, or all allow.
bool refuses(const plan::Seccomp& filter, const RefusedCall& call) {
  const auto is_it = [&](plan::SeccompAction action) {
    return call.denied ? action != plan::SeccompAction::kAllow && action != plan::SeccompAction::kLog
                       : action == plan::SeccompAction::kLog;
  };
  for (const plan::SeccompRule& rule : filter.rules) {
    if (applies(rule, call)) {
      return is_it(rule.action);
    }
  }
  return is_it(filter.default_action);
}

// The field behind a rule that looks at arguments (harden_seccomp.cc, add_flag_rules, add_families).
Field field_of_arguments(const RefusedCall& call) {
  if (call.name == "socket") {
    return Field::kNetworkFamilies;
  }
  if (call.name == "ioctl") {
    return Field::kTerminalInjection;
  }
  // clone and unshare: user namespaces, and the others when neither those nor mounts are allowed.
  return call.name == "clone3" || (call.arguments[0] & CLONE_NEWUSER) != 0 ? Field::kUserNamespaces
                                                                           : Field::kMounts;
}

RefusingRule rule_of(const Document& policy, Field field) {
  return {std::string(info_of(field).path),
          policy[field].present ? place_of(policy.rule_of(field)) : ""};
}

RefusingRule floor_rule(const Document& policy, const RefusedCall& call) {
  if (const Entry* denied = find_entry(policy[Field::kSyscallsDeny], call.name); denied != nullptr) {
    return {std::string(info_of(Field::kSyscallsDeny).path), place_of(policy.rules[denied->rule])};
  }
  for (const SurfaceCall& surface : surface_calls()) {
    if (surface.name == call.name) {
      return rule_of(policy, surface.field);
    }
  }
  return rule_of(policy, field_of_arguments(call));
}

}  // namespace

RefusingRule find_refusing_rule(const plan::Plan& plan,
                                const Document& policy,
                                const oci::Spec& spec,
                                const RefusedCall& call) {
  if (call.foreign && policy.level(Field::kForeignArchitectures) == kDenyLevel) {
    return rule_of(policy, Field::kForeignArchitectures);
  }
  for (const plan::Seccomp& filter : plan.seccomp_floor) {
    if (refuses(filter, call)) {
      const bool is_ceiling = filter.default_action != plan::SeccompAction::kAllow;
      return is_ceiling ? rule_of(policy, Field::kSyscallsAllow) : floor_rule(policy, call);
    }
  }
  if (plan.seccomp && refuses(*plan.seccomp, call)) {
    return linux_section(spec).seccomp ? RefusingRule{"linux.seccomp", "config.json"}
                                       : rule_of(policy, Field::kSyscallsDefault);
  }
  return {};
}

}  // namespace redoubt::policy
