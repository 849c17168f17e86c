// The words of linux.seccomp: actions, comparison operators, architectures, filter flags. Shared by
// the seccomp pass, `features`, plan_text and the seccomp compiler's messages.
#ifndef REDOUBT_PLAN_SECCOMP_NAMES_H_
#define REDOUBT_PLAN_SECCOMP_NAMES_H_

#include <optional>
#include <span>
#include <string_view>

#include "plan/name_table.h"
#include "plan/plan.h"

namespace redoubt::plan {

// number: SeccompAction. "SCMP_ACT_KILL" is the old word for SCMP_ACT_KILL_THREAD.
std::span<const NamedNumber> seccomp_action_names();
std::optional<SeccompAction> find_seccomp_action(std::string_view name);
std::string_view seccomp_action_name(SeccompAction action);

// number: SeccompOperator.
std::span<const NamedNumber> seccomp_operator_names();
std::optional<SeccompOperator> find_seccomp_operator(std::string_view name);
std::string_view seccomp_operator_name(SeccompOperator op);

// "SCMP_ARCH_X86_64" and libseccomp's "x86_64" (seccomp_arch_resolve_name(3)); sorted by the first.
struct SeccompArchitecture {
  std::string_view name;
  std::string_view library_name;
};
std::span<const SeccompArchitecture> seccomp_architectures();
std::optional<std::string_view> find_seccomp_architecture(std::string_view name);

// number: SECCOMP_FILTER_FLAG_*.
std::span<const NamedNumber> seccomp_flag_names();

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_SECCOMP_NAMES_H_
