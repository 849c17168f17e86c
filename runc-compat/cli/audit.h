// events --audit: the violations that the BPF programs have written down, one JSON object a line.
#ifndef REDOUBT_CLI_AUDIT_H_
#define REDOUBT_CLI_AUDIT_H_

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "bpf/abi.h"
#include "bpf/event_log.h"
#include "runc-compat/cli/audit_rules.h"
#include "runc-compat/cli/globals.h"

namespace redoubt::cli {

// {"type": "violation", "id": ..., "data": {...}} as events(8) describes it. `rule`: whose.
json::Value violation_document(const redoubt_event& event, const ViolationRule& rule);

struct AuditOptions {
  std::string id;     // only this container; "": all
  bool once = false;  // what is there, without waiting
};

// Takes what is new as documents: violations, and {"type": "lost", "data": {"events": N}}.
using ViolationSink = std::function<Status(const std::vector<json::Value>&)>;

// The log from its beginning. Errors: the set is not loaded.
Result<bpf::EventLog> open_violations();

// Gives the sink what is in the log and then what comes, until interrupted or the set is unloaded,
// which is an error.
Status follow_violations(const Globals& globals,
                         bpf::EventLog& log,
                         const AuditOptions& options,
                         const ViolationSink& sink);

// The same, to stdout.
Status print_violations(const Globals& globals, const AuditOptions& options);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_AUDIT_H_
