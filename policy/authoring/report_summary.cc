// The summary: a row for each area, against the default profile or the former one.
#include <algorithm>

#include "base/str.h"
#include "plan/capability_names.h"
#include "policy/authoring/report_parts.h"
#include "policy/document/merge.h"
#include "policy/surface_table.h"

namespace redoubt::policy {
namespace {

using html::element;
using html::Markup;
using html::text;

struct Area {
  std::string_view name, place;  // place: the section that has more
  std::vector<Field> fields;
};

std::vector<Area> areas() {
  Area kernel{"Kernel interfaces", "kernel", {}};
  for (const FieldInfo& info : field_table()) {
    if (info.path.starts_with("kernel.")) {
      kernel.fields.push_back(info.field);
    }
  }
  return {
      {"Files read", "files", {Field::kFilesRead, Field::kFilesList, Field::kFilesMasked}},
      {"Files written", "files", {Field::kFilesWrite, Field::kFilesReadonly, Field::kReadonlyRoot}},
      {"Programs", "files", {Field::kFilesExecute}},
      {"Egress", "network", {Field::kNetworkConnect}},
      {"Listens on", "network", {Field::kNetworkBind}},
      {"Socket families", "network", {Field::kNetworkFamilies}},
      {"Capabilities", "capabilities", {Field::kCapabilitiesAllow, Field::kCapabilitiesDeny}},
      {"System calls",
       "syscalls",
       {Field::kSyscallsAllow, Field::kSyscallsDefault, Field::kSyscallsDeny}},
      std::move(kernel),
      {"Isolation and limits",
       "limits",
       {Field::kMode,
        Field::kIsolation,
        Field::kNoNewPrivileges,
        Field::kNonRoot,
        Field::kPidsLimit}}};
}

// "12 trees", "anything", of the first field that the document has.
std::string size_words(const Document& document, const Area& area) {
  for (const Field field : area.fields) {
    const FieldValue& value = document[field];
    const FieldInfo& info = info_of(field);
    if (value.present && (info.type == FieldType::kAllowed || info.type == FieldType::kPaths ||
                          info.type == FieldType::kEndpoints)) {
      return value.entries.empty() ? "none" : concat(value.entries.size());
    }
  }
  return area.fields.front() == Field::kCapabilitiesAllow ? "as config.json asks" : "not bounded";
}

std::string kernel_words(const Document& document, const Area& area) {
  size_t closed = 0;
  for (const Field field : area.fields) {
    closed += document.level(field) == kDenyLevel ? 1 : 0;
  }
  return concat(closed, " of ", area.fields.size(), " closed");
}

std::string limit_words(const Document& document) {
  std::vector<std::string> words;
  for (const Field field : {Field::kMode, Field::kIsolation, Field::kPidsLimit}) {
    const FieldValue& value = document[field];
    if (value.present) {
      words.push_back(concat(info_of(field).path, " ", value_text(info_of(field), value)));
    }
  }
  for (const auto& [field, word] :
       {std::pair{Field::kNoNewPrivileges, "no new privileges"}, {Field::kNonRoot, "not root"}}) {
    if (document[field].present && document[field].number != 0) {
      words.emplace_back(word);
    }
  }
  return words.empty() ? "none" : join(words, ", ");
}

std::string words_of(const Document& document, const Area& area) {
  return area.place == "kernel"   ? kernel_words(document, area)
         : area.place == "limits" ? limit_words(document)
                                  : size_words(document, area);
}

// Tighter or wider than what it is compared with, by all fields of the area.
Markup verdict_of(const std::vector<Difference>& differences, const Area& area) {
  bool tighter = false;
  bool wider = false;
  for (const Difference& d : differences) {
    if (std::find(area.fields.begin(), area.fields.end(), d.field) != area.fields.end()) {
      tighter |= d.sign != '+';
      wider |= d.sign != '-';
    }
  }
  return tighter && wider ? report_badge("medium", "other")
         : tighter        ? report_badge("good", "tighter")
         : wider          ? report_badge("high", "wider")
                          : report_badge("none", "same");
}

Markup heading_of(const Area& area) {
  return html::link_to(area.place, text(area.name));
}

// What the default profile would have refused of what was seen.
Markup beyond_of(const std::vector<Grant>& beyond, const Area& area) {
  size_t denied = 0;
  for (const Grant& grant : beyond) {
    const bool is_of_area =
        std::find(area.fields.begin(), area.fields.end(), grant.field) != area.fields.end();
    const bool is_seen = grant.kind == GrantKind::kEntry ||
                         (grant.kind == GrantKind::kValue && grant.rule != kNoRule);
    denied += is_of_area && is_seen ? 1 : 0;
  }
  return denied == 0 ? report_badge("good", "within")
                     : report_badge("high", concat(denied, " refused"));
}

std::string used_words(const Document& document, const Area& area) {
  if (area.place != "kernel") {
    return size_words(document, area);
  }
  const auto used = std::count_if(
      area.fields.begin(), area.fields.end(), [&](Field field) { return document[field].present; });
  return used == 0 ? "none" : concat(used, " used");
}

}  // namespace

Markup report_summary(const ReportFacts& facts) {
  const ReportInput& input = facts.input;
  const std::vector<Difference> found = input.kind == ReportKind::kRecording
                                            ? std::vector<Difference>()
                                            : differences(input.against, input.subject);
  const std::vector<Grant> beyond = input.kind == ReportKind::kRecording
                                        ? added_grants(input.against, input.subject)
                                        : std::vector<Grant>();
  std::vector<ReportRow> rows;
  for (const Area& area : areas()) {
    if (input.kind != ReportKind::kRecording) {
      rows.push_back({heading_of(area),
                      report_words(words_of(input.subject, area)),
                      report_words(words_of(input.against, area)),
                      verdict_of(found, area)});
    } else if (area.place != "limits") {
      rows.push_back({heading_of(area),
                      report_words(used_words(input.subject, area)),
                      report_words(words_of(input.against, area)),
                      beyond_of(beyond, area)});
    }
  }
  const std::string against = concat(facts.is_difference() ? "Before: " : "", input.against_title);
  const std::string subject = input.kind == ReportKind::kRecording
                                  ? "Seen"
                                  : concat(facts.is_difference() ? "After: " : "", input.title);
  const std::string_view heads[] = {
      "Area",
      subject,
      against,
      input.kind == ReportKind::kRecording ? "By the default" : "Compared"};
  const std::string heading =
      facts.is_difference() ? "Before and after" : concat("Against ", input.against_title);
  return report_section("summary", heading, report_table("numbers of entries", heads, rows));
}

}  // namespace redoubt::policy
