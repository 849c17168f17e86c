#include "runc-compat/cli/audit_rules.h"

#include <string.h>

#include "base/str.h"
#include "bpf/names.h"
#include "policy/refused_file.h"
#include "runc-compat/cli/container.h"

namespace redoubt::cli {
namespace {

constexpr size_t kMaxKnownContainers = 256;

std::optional<launch::Container> resolve(const Globals& globals, const std::string& id) {
  Result<Container> container = open_container(globals, id);
  if (!container) {
    return std::nullopt;
  }
  Result<launch::Container> resolved = launch::resolve_stored(container->dir, container->record);
  return resolved ? std::optional<launch::Container>(*std::move(resolved)) : std::nullopt;
}

std::string source_of(const plan::Plan& plan, std::string_view control) {
  for (const plan::Decision& decision : plan.hardening.decisions) {
    if (decision.control == control) {
      return decision.source;
    }
  }
  return {};
}

// The policy that the container is kept under.
const policy::Document& document_of(const launch::Container& container) {
  return container.plan.hardening.privileged ? container.policy.privileged : container.policy.document;
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash == std::string::npos ? 0 : slash);
}

// Landlock asks for the right to open or cut a file at the file, and for one to change a name at its directory.
policy::RefusedFile refused_file(const redoubt_event& event, const std::optional<bpf::RefusedPaths>& paths) {
  policy::RefusedFile file;
  file.wanted = static_cast<uint32_t>(event.detail);
  file.lacking = event.detail >> REDOUBT_LACKING;
  if (paths && paths->is_whole) {
    const bool is_itself = event.hook == REDOUBT_HOOK_hook_file_open || event.hook == REDOUBT_HOOK_hook_path_truncate;
    file.place = is_itself ? paths->path : parent_of(paths->path);
    file.other_place = paths->target.empty() ? "" : parent_of(paths->target);
  }
  return file;
}

}  // namespace

const launch::Container* AuditRules::container_of(const redoubt_event& event) {
  if (containers_.size() >= kMaxKnownContainers) {
    containers_.clear();
  }
  const std::string id(event.container, ::strnlen(event.container, sizeof event.container));
  const auto [entry, is_new] = containers_.try_emplace({id, event.cgroup});
  if (is_new) {
    entry->second = resolve(globals_, id);
  }
  return entry->second ? &*entry->second : nullptr;
}

// One process of redoubt-dl for all names, for libseccomp has the table.
std::string AuditRules::syscall_name(uint64_t detail) {
  const auto [entry, is_new] = names_.try_emplace(detail);
  std::string& name = entry->second;
  if (!is_new) {
    return name;
  }
  const auto number = static_cast<uint32_t>(detail);
  if (!libraries_) {
    if (Result<sandbox::DlProcess> started = sandbox::DlProcess::start()) {
      libraries_ = *std::move(started);
    }
  }
  if (libraries_) {
    const bool is_foreign = (detail & REDOUBT_FOREIGN_TABLE) != 0;
    const Result<sandbox::Words> reply =
        libraries_->call({"syscall name", concat(number), is_foreign ? "1" : "0"});
    name = reply ? sandbox::WordReader(*reply).text() : "";
  }
  if (name.empty()) {
    name = concat("#", number);
  }
  return name;
}

ViolationRule AuditRules::of_filter(const redoubt_event& event) {
  ViolationRule rule;
  rule.syscall = syscall_name(event.detail);
  if (const launch::Container* container = container_of(event)) {
    const policy::RefusedCall call{.name = rule.syscall,
                                   .arguments = {event.arguments[0], event.arguments[1]},
                                   .foreign = (event.detail & REDOUBT_FOREIGN_TABLE) != 0,
                                   .denied = event.denied != 0};
    policy::RefusingRule found =
        policy::find_refusing_rule(container->plan, document_of(*container), container->spec, call);
    rule.control = std::move(found.control);
    rule.source = std::move(found.source);
  }
  return rule;
}

ViolationRule AuditRules::of_landlock(const redoubt_event& event, std::optional<bpf::RefusedPaths> paths) {
  ViolationRule rule;
  if (const launch::Container* container = container_of(event)) {
    policy::RefusingRule found =
        policy::find_refusing_rule(container->plan, document_of(*container), refused_file(event, paths));
    rule.control = std::move(found.control);
    rule.source = std::move(found.source);
  }
  rule.paths = std::move(paths);
  return rule;
}

ViolationRule AuditRules::find(const redoubt_event& event, std::optional<bpf::RefusedPaths> paths) {
  if (bpf::is_refusal_of_files(event)) {
    return of_landlock(event, std::move(paths));
  }
  if (event.hook == REDOUBT_HOOK_audit_seccomp) {
    return of_filter(event);
  }
  ViolationRule rule;
  const std::span<const std::string_view> names = bpf::surface_names();
  rule.control = event.surface < names.size() ? names[event.surface] : "unknown";
  if (const launch::Container* container = container_of(event)) {
    rule.source = source_of(container->plan, rule.control);
  }
  return rule;
}

}  // namespace redoubt::cli
