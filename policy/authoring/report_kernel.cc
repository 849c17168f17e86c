// Capabilities, system calls by class, the interfaces of the kernel.* fields, limits.
#include <algorithm>

#include "base/str.h"
#include "plan/capability_names.h"
#include "policy/authoring/report_parts.h"
#include "policy/authoring/syscall_classes.h"
#include "policy/document/syscall_sets.h"
#include "policy/surface_table.h"

namespace redoubt::policy {
namespace {

using html::element;
using html::Markup;
using html::text;

// The list that bounds the system calls of a document: nullptr: none does.
const FieldValue* call_list(const Document& document) {
  for (const Field field : {Field::kSyscallsAllow, Field::kSyscallsDefault}) {
    if (document[field].present) {
      return &document[field];
    }
  }
  return nullptr;
}

bool has_call(const Document& document, std::string_view name) {
  const FieldValue* list = call_list(document);
  return (list == nullptr || find_entry(*list, name) != nullptr) &&
         find_entry(document[Field::kSyscallsDeny], name) == nullptr;
}

Markup bar_of(size_t count, size_t total) {
  constexpr size_t kLength = 100;
  const size_t filled = total == 0 ? 0 : count * kLength / total;
  return element(
      "svg",
      {{"class", "bar"},
       {"role", "img"},
       {"aria-label", concat(count, " of ", total)},
       {"viewBox", "0 0 100 8"}},
      html::join(
          element(
              "rect", {{"class", "all"}, {"width", "100"}, {"height", "8"}, {"rx", "4"}}, Markup()),
          element("rect",
                  {{"class", "part"}, {"width", concat(filled)}, {"height", "8"}, {"rx", "4"}},
                  Markup())));
}

ReportRow class_row(const ReportFacts& facts, const SyscallClass& kind) {
  size_t now = 0;
  size_t before = 0;
  std::vector<ReportChip> chips;
  for (const std::string_view name : kind.syscalls) {
    const bool is_now = has_call(facts.input.subject, name);
    const bool was = has_call(facts.input.against, name);
    now += is_now ? 1 : 0;
    before += was ? 1 : 0;
    const auto risk = facts.severities.find({Field::kSyscallsAllow, std::string(name)});
    if (!facts.is_difference() && is_now) {
      chips.push_back({std::string(name),
                       risk == facts.severities.end() ? "" : risk_severity_word(risk->second)});
    } else if (facts.is_difference() && is_now != was) {
      chips.push_back({std::string(name), is_now ? "added" : "removed"});
    }
  }
  const size_t total = kind.syscalls.size();
  const std::string_view what = facts.is_difference() ? " changed" : " names";
  return {text(kind.name),
          element("span",
                  {{"class", "amount"}},
                  html::join(bar_of(now, total), element("span", {{"class", "number"}}, concat(" ", now, " of ", total)))),
          text(concat(before)),
          chips.empty()
              ? text("–")
              : report_fold(false, text(concat(chips.size(), what)), report_chips(chips))};
}

// What was seen or is listed outside of the set @container and the kernel.* fields.
std::vector<ReportChip> unclassified(const ReportFacts& facts) {
  std::vector<ReportChip> chips;
  const SyscallSet* known = find_syscall_set("@container");
  const auto surfaces = surface_calls();
  for (const ReportChip& chip : chips_of(facts, Field::kSyscallsAllow)) {
    const bool has_class = std::binary_search(
        known->syscalls.begin(), known->syscalls.end(), std::string_view(chip.name));
    const bool has_field = std::any_of(surfaces.begin(), surfaces.end(), [&](const SurfaceCall& c) {
      return c.name == chip.name;
    });
    if (!has_class && !has_field) {
      chips.push_back(chip);
    }
  }
  return chips;
}

std::string_view call_words(const ReportFacts& facts) {
  const Document& document = facts.input.subject;
  return facts.input.kind == ReportKind::kRecording
             ? "What was called, by what the calls are about."
         : document[Field::kSyscallsAllow].present
             ? "Bounded by syscalls.allow, whatever config.json says."
         : document[Field::kSyscallsDefault].present
             ? "Bounded by syscalls.default, unless config.json has a filter of its own."
             : "Not bounded: config.json decides.";
}

// "deny", or how a recording used it.
Markup level_cell(const ReportFacts& facts, const Document& document, Field field) {
  if (&document == &facts.input.subject && facts.input.kind == ReportKind::kRecording) {
    return document[field].present ? report_badge("high", "used")
                                   : report_badge("none", "not used");
  }
  const uint32_t level = document.level(field);
  constexpr std::string_view kLooks[] = {"high", "medium", "good"};
  return report_badge(kLooks[std::min<size_t>(level, 2)],
                      document[field].present ? info_of(field).words[level] : "open");
}

std::string reason_of(const Document& document, Field field) {
  return document[field].present ? document.rule_of(field).reason : "no rule";
}

bool is_limit(const FieldInfo& info) {
  switch (info.field) {
    case Field::kMode:
    case Field::kIsolation:
    case Field::kNoNewPrivileges:
    case Field::kNonRoot:
    case Field::kReadonlyRoot:
    case Field::kForeignArchitectures:
    case Field::kDevicesAllow:
    case Field::kSysctls:
    case Field::kRlimits:
    case Field::kPidsLimit:
    case Field::kSelinuxType:
    case Field::kApparmorProfile:
    case Field::kLandlockScopes:
      return true;
    default:
      return false;
  }
}

// Over the column of what the subject is compared with.
std::string_view against_head(const ReportFacts& facts) {
  return facts.is_difference() ? std::string_view("Before") : facts.input.against_title;
}

}  // namespace

Markup report_capabilities(const ReportFacts& facts) {
  const FieldValue& allowed = facts.value(Field::kCapabilitiesAllow);
  const std::vector<ReportChip> chips = list_of(facts, Field::kCapabilitiesAllow);
  const size_t all = plan::capability_names().size();
  std::string words = facts.input.kind == ReportKind::kRecording
                                ? concat(allowed.entries.size(), " of ", all, " were used.")
                            : allowed.present
                                ? concat("At most ", allowed.entries.size(), " of ", all, ".")
                                : concat("Any of ", all, " that config.json asks for.");
  if (facts.is_difference() && allowed.present != facts.before(Field::kCapabilitiesAllow).present) {
    words += allowed.present ? " Before: any that config.json asks for." : " Before, they were bounded.";
  }
  Markup body = report_paragraph(words);
  if (!chips.empty()) {
    body.add(report_chips(chips));
  }
  const FieldValue& denied = facts.value(Field::kCapabilitiesDeny);
  if (!denied.entries.empty()) {
    body.add(report_paragraph(concat(
        "Denied in any case: ", value_text(info_of(Field::kCapabilitiesDeny), denied), ".")));
  }
  return report_section("capabilities", "Capabilities", body);
}

Markup report_syscalls(const ReportFacts& facts) {
  std::vector<ReportRow> rows;
  for (const SyscallClass& kind : syscall_classes()) {
    rows.push_back(class_row(facts, kind));
  }
  const bool seen = facts.input.kind == ReportKind::kRecording;
  const std::string_view heads[] = {"About",
                                    facts.is_difference() ? "After"
                                    : seen                ? "Called"
                                                          : "Open",
                                    against_head(facts),
                                    "Names"};
  Markup body = html::join(report_paragraph(call_words(facts)),
                           report_table("system calls by class", heads, rows));
  const std::vector<ReportChip> others = unclassified(facts);
  if (!others.empty()) {
    body.add(element("h3", "Of no class")).add(report_chips(others));
  }
  return report_section("syscalls", "System calls", body);
}

Markup report_kernel(const ReportFacts& facts) {
  std::vector<ReportRow> rows;
  for (const FieldInfo& info : field_table()) {
    if (info.path.starts_with("kernel.")) {
      rows.push_back({report_code(info.path.substr(7)),
                      level_cell(facts, facts.input.subject, info.field),
                      level_cell(facts, facts.input.against, info.field),
                      text(info.meaning),
                      report_words(reason_of(facts.input.subject, info.field))});
    }
  }
  const std::string_view heads[] = {"Interface",
                                    facts.input.kind == ReportKind::kRecording ? "Seen"
                                    : facts.is_difference()                    ? "After"
                                                                               : "Here",
                                    against_head(facts),
                                    "What it is",
                                    "Reason"};
  return report_section(
      "kernel", "Kernel interfaces", report_table("what the kernel.* fields close", heads, rows));
}

Markup report_limits(const ReportFacts& facts) {
  std::vector<ReportRow> rows;
  for (const FieldInfo& info : field_table()) {
    if (is_limit(info)) {
      rows.push_back({report_code(info.path),
                      report_words(value_text(info, facts.value(info.field))),
                      report_words(value_text(info, facts.before(info.field))),
                      text(info.meaning),
                      report_words(reason_of(facts.input.subject, info.field))});
    }
  }
  const std::string_view heads[] = {"Field",
                                    facts.is_difference() ? "After" : "Here",
                                    against_head(facts),
                                    "What it is",
                                    "Reason"};
  return report_section(
      "limits", "Isolation and limits", report_table("other fields", heads, rows));
}

}  // namespace redoubt::policy
