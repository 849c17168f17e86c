// What would a policy say to an operation? The operations come from a trace, one JSON object a line:
//   {"syscall": "bpf"}  {"capability": "CAP_SYS_ADMIN"}  {"socket": "AF_ALG"}
//   {"open": "/etc/passwd", "access": "r"}     access: letters of r, w, x, and l: the directory is listed
//   {"connect": "tcp 192.0.2.1 443"}  {"bind": "tcp 0.0.0.0 80"}
#ifndef REDOUBT_POLICY_SIMULATE_H_
#define REDOUBT_POLICY_SIMULATE_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/document/document.h"

namespace redoubt::policy {

struct Operation {
  enum class Kind { kSyscall, kCapability, kSocket, kOpen, kConnect, kBind };
  Kind kind{};
  std::string object;
  std::string access;  // kOpen
  uint32_t line = 0;
};

// `source` starts every error.
Result<std::vector<Operation>> parse_trace(std::string_view text, const std::string& source);

struct Judgement {
  bool allowed = true;
  bool audited = false;  // let through and logged
  std::string field;     // that decided; empty: no rule says anything
  std::string place;     // file:line of the rule
  std::string reason;
};

Judgement judge(const Document& policy, const Operation& operation);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_SIMULATE_H_
