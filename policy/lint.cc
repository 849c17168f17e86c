#include "policy/lint.h"

#include <algorithm>

#include "base/str.h"
#include "policy/document/endpoint.h"
#include "policy/document/merge.h"
#include "policy/document/syscall_sets.h"
#include "policy/surface_table.h"

namespace redoubt::policy {
namespace {

struct Linter {
  const Document& raw;
  const Document& merged;
  const Document& default_profile;
  std::vector<Finding> findings;

  void add(Severity severity, Field field, uint32_t rule, std::string what) {
    findings.push_back({severity,
                        std::string(info_of(field).path),
                        place_of(merged.rules[rule]),
                        std::move(what)});
  }
  void add(Severity severity, Field field, std::string what) {
    add(severity, field, merged[field].rule, std::move(what));
  }
};

// What one of these gives is the whole host, or nearly.
constexpr std::string_view kGreatCapabilities[] = {"CAP_BPF",
                                                   "CAP_DAC_READ_SEARCH",
                                                   "CAP_SYS_ADMIN",
                                                   "CAP_SYS_BOOT",
                                                   "CAP_SYS_MODULE",
                                                   "CAP_SYS_PTRACE",
                                                   "CAP_SYS_RAWIO"};

void check_capabilities(Linter& lint) {
  for (const Entry& entry : lint.merged[Field::kCapabilitiesAllow].entries) {
    if (std::find(std::begin(kGreatCapabilities), std::end(kGreatCapabilities), entry.key) !=
        std::end(kGreatCapabilities)) {
      lint.add(Severity::kWarning,
               Field::kCapabilitiesAllow,
               entry.rule,
               concat(entry.key, " is close to root on the host"));
    }
    if (find_entry(lint.merged[Field::kCapabilitiesDeny], entry.key) != nullptr) {
      lint.add(Severity::kInfo,
               Field::kCapabilitiesAllow,
               entry.rule,
               concat(entry.key, " is denied as well: it has no effect here"));
    }
  }
}

void check_width(Linter& lint) {
  for (const Field field : wider_fields(lint.merged, lint.default_profile)) {
    if (lint.merged[field].present) {
      lint.add(Severity::kWarning,
               field,
               concat("wider than profile ",
                      lint.default_profile.name,
                      ", which has ",
                      value_text(info_of(field), lint.default_profile[field]),
                      ": only a node that lists this profile in node.allowedProfiles lets it"));
    }
  }
}

bool lies_in(const std::string& tree, const std::string& path) {
  return tree == "/" || path == tree || (path.starts_with(tree) && path[tree.size()] == '/');
}

void check_write_and_execute(Linter& lint) {
  const FieldValue& write = lint.merged[Field::kFilesWrite];
  const FieldValue& execute = lint.merged[Field::kFilesExecute];
  for (const Entry& w : write.entries) {
    for (const Entry& x : execute.entries) {
      if (lies_in(w.key, x.key) || lies_in(x.key, w.key)) {
        lint.add(Severity::kWarning,
                 Field::kFilesExecute,
                 x.rule,
                 concat("what is written to ", w.key, " can be executed from ", x.key));
      }
    }
    if (w.key == "/" || w.key == "/sys") {
      lint.add(Severity::kWarning,
               Field::kFilesWrite,
               w.rule,
               concat(w.key, " is more than any program needs to change"));
    }
  }
  const bool reaches_dev =
      std::any_of(write.entries.begin(), write.entries.end(), [](const Entry& entry) {
        return lies_in(entry.key, "/dev/null");
      });
  if (write.present && !reaches_dev) {
    lint.add(Severity::kWarning, Field::kFilesWrite, "nearly every program writes to /dev/null");
  }
}

void check_endpoints(Linter& lint) {
  for (const Entry& entry : lint.merged[Field::kNetworkConnect].entries) {
    const auto endpoint = parse_endpoint(entry.key);
    if (endpoint && is_any_address(*endpoint) && endpoint->first_port == 1 &&
        endpoint->last_port == UINT16_MAX) {
      lint.add(Severity::kWarning,
               Field::kNetworkConnect,
               entry.rule,
               concat(entry.key, ": lets everything out"));
      return;
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

void check_syscalls(Linter& lint) {
  for (const Field field : {Field::kSyscallsDefault, Field::kSyscallsAllow, Field::kSyscallsDeny}) {
    for (const Entry& entry : lint.raw[field].entries) {
      if (!is_known_syscall(entry.key)) {
        lint.add(Severity::kWarning,
                 field,
                 concat(entry.key, " is no system call that this program knows"));
      }
    }
  }
  for (const Field field : {Field::kSyscallsDefault, Field::kSyscallsAllow}) {
    for (const std::string_view needed : {"execve", "exit_group", "mmap", "read", "write"}) {
      if (lint.merged[field].present && find_entry(lint.merged[field], needed) == nullptr) {
        lint.add(Severity::kError, field, concat("no program starts without ", needed));
      }
    }
  }
  for (const SurfaceCall& call : surface_calls()) {
    const Entry* allowed = find_entry(lint.merged[Field::kSyscallsAllow], call.name);
    if (allowed != nullptr && lint.merged.level(call.field) == 2) {
      lint.add(Severity::kInfo,
               Field::kSyscallsAllow,
               allowed->rule,
               concat(call.name, " is denied by ", info_of(call.field).path));
    }
  }
}

void check_document(Linter& lint) {
  if (lint.raw.description.empty()) {
    lint.findings.push_back({Severity::kInfo, "description", lint.raw.name, "is missing"});
  }
  if (lint.merged[Field::kMode].present && lint.merged.level(Field::kMode) < 2) {
    lint.add(Severity::kWarning,
             Field::kMode,
             concat("\"", value_text(info_of(Field::kMode), lint.merged[Field::kMode]),
                    "\": nothing is denied"));
  }
  const Status conflicts = check_conflicts(lint.merged);
  if (!conflicts) {
    lint.findings.push_back(
        {Severity::kError, "extends", lint.raw.name, conflicts.error().message()});
  }
}

}  // namespace

std::vector<Finding> lint(const Document& raw,
                          const Document& merged,
                          const Document& default_profile) {
  Linter linter{raw, merged, default_profile, {}};
  check_document(linter);
  check_width(linter);
  check_capabilities(linter);
  check_syscalls(linter);
  check_write_and_execute(linter);
  check_endpoints(linter);
  return std::move(linter.findings);
}

std::string_view severity_word(Severity severity) {
  constexpr std::string_view kWords[] = {"info", "warning", "error"};
  return kWords[static_cast<size_t>(severity)];
}

}  // namespace redoubt::policy
