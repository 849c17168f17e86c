// The walk from an operation to its verdict: what each field of a policy that concerns it says, by
// which rule and in which layer of the kernel, and what comes of it.
#ifndef REDOUBT_POLICY_AUTHORING_EXPLAIN_H_
#define REDOUBT_POLICY_AUTHORING_EXPLAIN_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/document/document.h"
#include "policy/simulate.h"

namespace redoubt::policy {

struct ExplainStep {
  std::string field, verdict;  // "allow", "deny", "audit", "no rule"
  std::string layer;           // that enforces the field
  std::string place, reason;   // of the rule
  bool is_result = false;      // the last one: what all fields together say
};

// "open:/etc/shadow:r", "exec:/bin/sh", "connect:10.0.0.1:443" (tcp; "connect:udp:[::1]:53"),
// "bind:0.0.0.0:80", "syscall:bpf", "capability:CAP_SYS_ADMIN", "socket:AF_ALG".
Result<Operation> parse_operation_text(std::string_view text);

std::vector<ExplainStep> explain(const Document& policy, const Operation& operation);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_EXPLAIN_H_
