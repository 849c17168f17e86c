#include "policy/linter.h"

#include <algorithm>

#include "base/str.h"
#include "policy/dangers.h"
#include "policy/document/merge.h"
#include "policy/document/syscall_sets.h"
#include "policy/surface_table.h"

namespace redoubt::policy {
namespace {

constexpr std::string_view kEmptyWords[] = {"because", "fixme", "needed", "reason", "test", "todo", "xxx"};
constexpr size_t kManyRules = 150;

void check_capabilities(Linter& lint) {
  const FieldValue& allowed = lint.merged[Field::kCapabilitiesAllow];
  for (const Entry& entry : allowed.entries) {
    if (is_great_capability(entry.key)) {
      lint.add("capability-great",
               Field::kCapabilitiesAllow,
               entry.rule,
               concat(entry.key, " is close to root on the host"));
    }
    if (find_entry(lint.merged[Field::kCapabilitiesDeny], entry.key) != nullptr) {
      lint.add("capability-denied-too",
               Field::kCapabilitiesAllow,
               entry.rule,
               concat(entry.key, " is denied as well: it has no effect here"));
    }
  }
  const bool sets_users = find_entry(allowed, "CAP_SETUID") != nullptr;
  const bool sets_groups = find_entry(allowed, "CAP_SETGID") != nullptr;
  if (sets_users != sets_groups) {
    lint.add("capability-half-of-identity",
             Field::kCapabilitiesAllow,
             concat("a program that gives up root needs CAP_SETUID and CAP_SETGID: ",
                    sets_users ? "CAP_SETGID" : "CAP_SETUID",
                    " is missing"));
  }
  const FieldValue& non_root = lint.merged[Field::kNonRoot];
  if (non_root.present && non_root.number != 0 && !allowed.entries.empty()) {
    lint.add("capability-of-nobody",
             Field::kCapabilitiesAllow,
             "process.nonRoot is set: only ambient capabilities have an effect");
  }
}

void check_width(Linter& lint) {
  for (const Field field : wider_fields(lint.merged, lint.default_profile)) {
    if (lint.merged[field].present) {
      lint.add("wider-than-default",
               field,
               concat("wider than profile ",
                      lint.default_profile.name,
                      ", which has ",
                      value_text(info_of(field), lint.default_profile[field]),
                      ": only a node that lists this profile in node.allowedProfiles lets it"));
    }
  }
}

bool is_known_syscall(const std::string& name) {
  const auto calls = surface_calls();
  return std::any_of(calls.begin(), calls.end(), [&](const SurfaceCall& c) { return c.name == name; }) ||
         std::any_of(syscall_sets().begin(), syscall_sets().end(), [&](const SyscallSet& set) {
           return std::binary_search(set.syscalls.begin(), set.syscalls.end(), name);
         });
}

void check_syscall_names(Linter& lint) {
  for (const Field field : {Field::kSyscallsDefault, Field::kSyscallsAllow, Field::kSyscallsDeny}) {
    for (const Entry& entry : lint.raw[field].entries) {
      if (!is_known_syscall(entry.key)) {
        lint.add("syscall-unknown",
                 field,
                 concat(entry.key, " is no system call that this program knows"));
      }
    }
  }
  for (const Field field : {Field::kSyscallsDefault, Field::kSyscallsAllow}) {
    for (const std::string_view needed : {"execve", "exit_group", "mmap", "read", "write"}) {
      if (lint.merged[field].present && find_entry(lint.merged[field], needed) == nullptr) {
        lint.add("syscall-needed", field, concat("no program starts without ", needed));
      }
    }
  }
}

void check_syscalls(Linter& lint) {
  const FieldValue& allowed = lint.merged[Field::kSyscallsAllow];
  for (const SurfaceCall& call : surface_calls()) {
    const Entry* entry = find_entry(allowed, call.name);
    if (entry != nullptr && lint.merged.level(call.field) == 2) {
      lint.add("syscall-closed-by-surface",
               Field::kSyscallsAllow,
               entry->rule,
               concat(call.name, " is denied by ", info_of(call.field).path));
    }
  }
  for (const Entry& entry : lint.merged[Field::kSyscallsDeny].entries) {
    if (find_entry(allowed, entry.key) != nullptr) {
      lint.add("syscall-allowed-and-denied",
               Field::kSyscallsDeny,
               entry.rule,
               concat(entry.key, " is in syscalls.allow as well, which has no effect"));
    }
  }
  if (allowed.present && lint.merged.level(Field::kForeignArchitectures) != 2) {
    lint.add("syscall-foreign-open",
             Field::kSyscallsAllow,
             "the list holds for 32-bit programs too, where the same name can be another call");
  }
}

bool has_empty_words(const std::string& reason) {
  const std::string text = to_lower(trim(reason));
  return std::find(std::begin(kEmptyWords), std::end(kEmptyWords), text) != std::end(kEmptyWords);
}

void check_rules(Linter& lint) {
  for (const Rule& rule : lint.raw.rules) {
    if (has_empty_words(rule.reason)) {
      const LintCheck& check = lint_check("reason-empty-words");
      lint.findings.push_back({check.severity, "reason", place_of(rule),
                               concat(quote(rule.reason), " says nothing"), check.id, check.fix});
    }
  }
  if (lint.raw.rules.size() > kManyRules) {
    lint.add("rules-many", "rules", concat(lint.raw.rules.size(), " rules are more than anybody reviews"));
  }
  for (const FieldInfo& info : field_table()) {
    const FieldValue& value = lint.raw[info.field];
    if (info.type == FieldType::kLevel && info.path.starts_with("kernel.") && value.present &&
        value.number == 0) {
      lint.add("explicit-allow", info.field, "\"allow\" takes nothing back that another document denies");
    }
  }
}

void check_document(Linter& lint) {
  if (lint.raw.description.empty()) {
    lint.add("description-missing", "description", "is missing");
  }
  if (lint.raw.extends.empty() && lint.raw.name != "default") {
    lint.add("extends-nothing", "extends", "what profile default closes is not closed here");
  }
  const FieldValue& mode = lint.merged[Field::kMode];
  if (mode.present && lint.merged.level(Field::kMode) < 2) {
    lint.add("mode-denies-nothing",
             Field::kMode,
             concat("\"", value_text(info_of(Field::kMode), mode), "\": nothing is denied"));
  }
  const FieldValue& privileges = lint.merged[Field::kNoNewPrivileges];
  if (!privileges.present || privileges.number == 0) {
    lint.add("no-new-privileges-missing",
             info_of(Field::kNoNewPrivileges).path,
             "set-user-ID programs work");
  }
  const Status conflicts = check_conflicts(lint.merged);
  if (!conflicts) {
    lint.add("conflict", "extends", conflicts.error().message());
  }
}

}  // namespace

void Linter::add(std::string_view id, Field field, uint32_t rule, std::string what) {
  const LintCheck& check = lint_check(id);
  findings.push_back({check.severity, std::string(info_of(field).path), place_of(merged.rules[rule]),
                      std::move(what), check.id, check.fix});
}

void Linter::add(std::string_view id, std::string_view key, std::string what) {
  const LintCheck& check = lint_check(id);
  findings.push_back(
      {check.severity, std::string(key), raw.name, std::move(what), check.id, check.fix});
}

std::vector<Finding> lint(const Document& raw,
                          const Document& merged,
                          const Document& default_profile) {
  Linter linter{raw, merged, default_profile, {}};
  check_document(linter);
  check_rules(linter);
  check_width(linter);
  check_capabilities(linter);
  check_syscall_names(linter);
  check_syscalls(linter);
  lint_files(linter);
  lint_surroundings(linter);
  return std::move(linter.findings);
}

std::string_view severity_word(Severity severity) {
  constexpr std::string_view kWords[] = {"info", "warning", "error"};
  return kWords[static_cast<size_t>(severity)];
}

}  // namespace redoubt::policy
