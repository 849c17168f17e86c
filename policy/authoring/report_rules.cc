// Where the facts come from: the runs of a recording, and each rule of a document with its reason.
#include <algorithm>
#include <map>

#include "base/str.h"
#include "policy/authoring/report_parts.h"

namespace redoubt::policy {
namespace {

using html::element;
using html::Markup;
using html::text;

constexpr size_t kMaxRuns = 50;
constexpr size_t kMaxNotes = 20;
constexpr size_t kShownRules = 12;

Markup notes(std::span<const std::string> lines) {
  Markup items;
  const size_t shown = std::min(lines.size(), kMaxNotes);
  for (const std::string& line : lines.subspan(0, shown)) {
    items.add(element("li", report_words(line)));
  }
  return html::join(element("ul", items), report_rest(lines.size() - shown, "lines"));
}

std::string command_of(const RecordedRun& run) {
  std::string command;
  for (const std::string& word : run.command) {
    if (command.size() > kMaxReportText) {
      break;
    }
    command += concat(command.empty() ? "" : " ", word);
  }
  return command;
}

std::vector<ReportRow> run_rows(const Recording& recording) {
  std::vector<ReportRow> rows;
  for (const RecordedRun& run : recording.runs) {
    if (rows.size() == kMaxRuns) {
      break;
    }
    rows.push_back({report_words(run.started.empty() ? "not known" : run.started),
                    text(concat(run.seconds, " s")),
                    text(concat(run.sessions)),
                    report_words(run.kernel),
                    report_words(run.image.empty() ? "–" : run.image),
                    report_code(command_of(run))});
  }
  return rows;
}

// The rules that a field or an entry of the document still refers to, with what they say.
std::map<uint32_t, std::map<Field, size_t>> rules_in_use(const Document& document) {
  std::map<uint32_t, std::map<Field, size_t>> rules;
  for (const FieldInfo& info : field_table()) {
    const FieldValue& value = document[info.field];
    for (const Entry& entry : value.entries) {
      ++rules[entry.rule][info.field];
    }
    if (value.present && value.entries.empty()) {
      rules[value.rule][info.field] = 0;
    }
  }
  return rules;
}

std::string fields_words(const std::map<Field, size_t>& fields) {
  std::vector<std::string> words;
  for (const auto& [field, count] : fields) {
    words.push_back(count > 1 ? concat(info_of(field).path, " (", count, ")")
                              : std::string(info_of(field).path));
  }
  return join(words, ", ");
}

std::vector<ReportRow> rule_rows(const Document& document) {
  std::vector<ReportRow> rows;
  for (const auto& [number, fields] : rules_in_use(document)) {
    const Rule& rule = document.rules[number];
    rows.push_back({report_words(place_of(rule)),
                    report_words(fields_words(fields)),
                    report_words(rule.reason)});
  }
  return rows;
}

}  // namespace

Markup report_provenance(const ReportFacts& facts) {
  const Recording* recording = facts.input.recording;
  if (recording == nullptr) {
    return {};
  }
  const bool whole = recording->lost.empty();
  Markup body = element(
      "p",
      html::join(report_badge(whole ? "good" : "critical", whole ? "complete" : "not complete"),
                 text(concat(" ",
                             recording->runs.size(),
                             recording->runs.size() == 1 ? " run" : " runs",
                             ", ",
                             recording->privileged_execs,
                             " programs with set-user-ID or capabilities started."))));
  if (!whole) {
    body.add(element("h3", "What was lost")).add(notes(recording->lost));
  }
  if (!recording->not_seen.empty()) {
    body.add(element("h3", "What a recording does not show")).add(notes(recording->not_seen));
  }
  constexpr std::string_view kHeads[] = {
      "Started", "Lasted", "Sessions", "Kernel", "Image", "Command"};
  body.add(report_table("runs", kHeads, run_rows(*recording)));
  body.add(
      report_rest(recording->runs.size() - std::min(recording->runs.size(), kMaxRuns), "runs"));
  return report_section("provenance", "Where it comes from", body);
}

Markup report_rules(const ReportFacts& facts) {
  const std::vector<ReportRow> rows = rule_rows(facts.input.subject);
  constexpr std::string_view kHeads[] = {"Place", "Fields", "Reason"};
  const Markup table = report_table("each rule with its reason", kHeads, rows);
  return report_section(
      "rules",
      "Rules",
      rows.size() <= kShownRules
          ? table
          : report_fold(false, text(concat("all ", rows.size(), " rules")), table));
}

}  // namespace redoubt::policy
