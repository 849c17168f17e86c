// AuditRules: the rules behind the violations in the log. The kernel logs a container's id and what it
// has refused; the file and line that say so are found by resolving the container's Plan again.
#ifndef REDOUBT_CLI_AUDIT_RULES_H_
#define REDOUBT_CLI_AUDIT_RULES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bpf/abi.h"
#include "bpf/refused_paths.h"
#include "policy/refused_call.h"
#include "runc-compat/cli/globals.h"
#include "runc-compat/launch/container.h"
#include "sandbox/dl_process.h"

namespace redoubt::cli {

// What a violation says beyond the event itself.
struct ViolationRule {
  std::string control;  // "kernel.keyrings"; "": none of the container's own
  std::string source;   // place of the rule; "": the container is gone
  std::string syscall;  // "keyctl"; of a filter's refusal only. "#425" where nobody knows its name
  std::optional<bpf::RefusedPaths> paths = {};  // of a refusal by Landlock only; nothing: overwritten
};

class AuditRules {
 public:
  explicit AuditRules(const Globals& globals) : globals_(globals) {}

  // `paths`: those of EventLog::paths_of().
  ViolationRule find(const redoubt_event& event, std::optional<bpf::RefusedPaths> paths);

 private:
  const launch::Container* container_of(const redoubt_event& event);
  std::string syscall_name(uint64_t detail);
  ViolationRule of_filter(const redoubt_event& event);
  ViolationRule of_landlock(const redoubt_event& event, std::optional<bpf::RefusedPaths> paths);

  const Globals& globals_;
  // Each resolved once; nothing: it is gone. The cgroup tells a container from a later one of the same
  // name.
  std::map<std::pair<std::string, uint64_t>, std::optional<launch::Container>> containers_;
  std::map<uint64_t, std::string> names_;
  std::optional<sandbox::DlProcess> libraries_;
};

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_AUDIT_RULES_H_
