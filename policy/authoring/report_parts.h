// What the sections of the report share: the facts, found once, and the pieces that a page is made
// of. Used by report*.cc only.
#ifndef REDOUBT_POLICY_AUTHORING_REPORT_PARTS_H_
#define REDOUBT_POLICY_AUTHORING_REPORT_PARTS_H_

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/html.h"
#include "policy/authoring/report.h"
#include "policy/authoring/risk.h"

namespace redoubt::policy {

struct ReportFacts {
  const ReportInput& input;
  std::vector<Grant> grants;        // of a difference: those that are new
  std::vector<Grant> removed;       // of a difference
  std::vector<Risk> risks;          // of `grants`
  std::vector<Risk> removed_risks;  // of a difference
  // The worst risk of an entry, among those of one grant.
  std::map<std::pair<Field, std::string>, RiskSeverity> severities;

  bool is_difference() const { return input.kind == ReportKind::kDifference; }
  const FieldValue& value(Field field) const { return input.subject[field]; }
  const FieldValue& before(Field field) const { return input.against[field]; }
};

ReportFacts facts_of(const ReportInput& input);

// The longest lists; what is beyond them is counted.
inline constexpr size_t kMaxReportRows = 400;
inline constexpr size_t kMaxReportText = 240;

// Names of the input: in the font for names, cut at kMaxReportText.
html::Markup report_code(std::string_view name);
// Words of the input, cut at kMaxReportText.
html::Markup report_words(std::string_view words);
// A small label; `look` is a class of the style sheet.
html::Markup report_badge(std::string_view look, std::string_view words);
html::Markup report_paragraph(std::string_view words);
// "... and 12 more paths"; nothing when none is left out.
html::Markup report_rest(size_t left_out, std::string_view what);

html::Markup report_section(const char* id, std::string_view heading, const html::Markup& content);
// `content` behind a line that opens it.
html::Markup report_fold(bool is_open, const html::Markup& line, const html::Markup& content);

using ReportRow = std::vector<html::Markup>;
// The first cell of a row is its head. Rows beyond kMaxReportRows are counted.
html::Markup report_table(std::string_view caption,
                          std::span<const std::string_view> heads,
                          const std::vector<ReportRow>& rows);

// A line of names, each with its look: capabilities, families, system calls.
struct ReportChip {
  std::string name;
  std::string_view look;  // "", "added", "removed", or a severity
};
html::Markup report_chips(const std::vector<ReportChip>& chips);
// The entries of a list of allowed names with their risks; of a difference, those that come and go.
std::vector<ReportChip> chips_of(const ReportFacts& facts, Field field);
// The same; of a difference that bounds the field for the first time also what stays allowed, which neither comes nor goes.
std::vector<ReportChip> list_of(const ReportFacts& facts, Field field);
// Of a difference: whether the field was bounded and is.
std::string_view change_of_bound(const ReportFacts& facts, Field field);

// What grants of the network have in common: one direction, one address, one protocol; their ports,
// sorted.
struct ReportPeer {
  Field field{};  // kNetworkConnect or kNetworkBind
  std::string address, protocol, reason;
  std::vector<std::string> ports;
  bool is_open = false;  // everything, because there is no list
  std::optional<RiskSeverity> severity;
};
std::vector<ReportPeer> peers_of(const ReportFacts& facts, bool removed);

html::Markup report_risks(const ReportFacts& facts);
html::Markup report_summary(const ReportFacts& facts);
html::Markup report_files(const ReportFacts& facts);
html::Markup report_network(const ReportFacts& facts);
html::Markup report_graph(const ReportFacts& facts);
html::Markup report_capabilities(const ReportFacts& facts);
html::Markup report_syscalls(const ReportFacts& facts);
html::Markup report_kernel(const ReportFacts& facts);
html::Markup report_limits(const ReportFacts& facts);
html::Markup report_provenance(const ReportFacts& facts);
html::Markup report_rules(const ReportFacts& facts);
html::StyleSheet report_style();

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_REPORT_PARTS_H_
