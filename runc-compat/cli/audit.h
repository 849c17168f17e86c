// events --audit: the violations that the BPF LSM programs have written down, one JSON object a
// line.
#ifndef REDOUBT_CLI_AUDIT_H_
#define REDOUBT_CLI_AUDIT_H_

#include <string>

#include "base/json.h"
#include "bpf/abi.h"
#include "runc-compat/cli/globals.h"

namespace redoubt::cli {

// {"type": "violation", "id": ..., "data": {...}} as events(8) describes it. `source` is the place of
// the rule, "" when the container is gone.
json::Value violation_document(const redoubt_event& event, const std::string& source);

// Prints the violations of the container (all containers: ""), those before included, and follows
// until interrupted; `once`: without waiting.
Status follow_violations(const Globals& globals, const std::string& id, bool once);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_AUDIT_H_
