// Which rule has refused (or logged) a system call: the way back from what the kernel says of a filter
// to the field of the policy that has put it there. Pure; for the reader of the log of violations, who
// resolves a container's Plan again instead of keeping a table for each.
#ifndef REDOUBT_POLICY_REFUSED_CALL_H_
#define REDOUBT_POLICY_REFUSED_CALL_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "oci/spec.h"
#include "plan/plan.h"
#include "policy/document/document.h"

namespace redoubt::policy {

struct RefusedCall {
  std::string_view name;
  std::array<uint64_t, 2> arguments{};  // the first two: no rule of ours asks for another
  bool foreign = false;                 // by the table of another architecture
  bool denied = true;                   // false: logged and let through
};

struct RefusingRule {
  std::string control;  // "kernel.keyrings"; "linux.seccomp": config.json's own filter
  std::string source;   // "profiles/default.json:41", "config.json"
};

// Both are empty when no filter of the Plan refuses the call: the program has loaded one of its own.
// Where policy and config.json both refuse it, policy is named.
RefusingRule find_refusing_rule(const plan::Plan& plan,
                                const Document& policy,
                                const oci::Spec& spec,
                                const RefusedCall& call);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_REFUSED_CALL_H_
