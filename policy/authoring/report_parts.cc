#include "policy/authoring/report_parts.h"

#include <algorithm>

#include "base/str.h"
#include "base/utf8.h"

namespace redoubt::policy {
namespace {

using html::element;
using html::Markup;
using html::text;

// At the start of a character.
std::string cut(std::string_view words) {
  if (words.size() <= kMaxReportText) {
    return std::string(words);
  }
  size_t end = 0;
  for (size_t next = 0; next <= kMaxReportText;) {
    end = next;
    next += std::max<size_t>(utf8_sequence_length(words.substr(next)), 1);
  }
  return concat(words.substr(0, end), "… (", words.size(), " bytes)");
}

void note_severities(ReportFacts& facts, const std::vector<Risk>& risks) {
  for (const Risk& risk : risks) {
    RiskSeverity& known = facts.severities[{risk.grant.field, risk.grant.key}];
    known = std::max(known, risk.info->severity);
  }
}

}  // namespace

ReportFacts facts_of(const ReportInput& input) {
  ReportFacts facts{input, {}, {}, {}, {}, {}};
  switch (input.kind) {
    case ReportKind::kProfile:
      facts.grants = grants_of(input.subject, input.against);
      break;
    case ReportKind::kRecording:
      facts.grants = listed_grants(input.subject);
      break;
    case ReportKind::kDifference:
      facts.grants = added_grants(input.against, input.subject);
      facts.removed = added_grants(input.subject, input.against);
      facts.removed_risks = risks_of(input.against, facts.removed);
      break;
  }
  facts.risks = risks_of(input.subject, facts.grants);
  note_severities(facts, facts.risks);
  return facts;
}

Markup report_code(std::string_view name) {
  return element("code", cut(name));
}

Markup report_words(std::string_view words) {
  return text(cut(words));
}

Markup report_badge(std::string_view look, std::string_view words) {
  return element("span", {{"class", concat("badge ", look)}}, words);
}

Markup report_paragraph(std::string_view words) {
  return element("p", words);
}

Markup report_rest(size_t left_out, std::string_view what) {
  return left_out == 0
             ? Markup()
             : element("p", {{"class", "rest"}}, concat("… and ", left_out, " more ", what));
}

Markup report_section(const char* id, std::string_view heading, const Markup& content) {
  const std::string head = concat(id, "-heading");
  return element("section",
                 {{"id", id}, {"aria-labelledby", head}},
                 html::join(element("h2", {{"id", head}}, heading), content));
}

Markup report_fold(bool is_open, const Markup& line, const Markup& content) {
  const Markup inside = html::join(element("summary", line), content);
  return is_open ? element("details", {{"open", ""}}, inside) : element("details", inside);
}

Markup report_table(std::string_view caption,
                    std::span<const std::string_view> heads,
                    const std::vector<ReportRow>& rows) {
  Markup head;
  for (const std::string_view words : heads) {
    head.add(element("th", {{"scope", "col"}, {"role", "columnheader"}}, words));
  }
  Markup body;
  const size_t shown = std::min(rows.size(), kMaxReportRows);
  for (size_t i = 0; i < shown; ++i) {
    Markup line;
    for (size_t column = 0; column < rows[i].size(); ++column) {
      const std::string label(heads[column]);
      line.add(column == 0
                   ? element("th", {{"scope", "row"}, {"role", "rowheader"}}, rows[i][column])
                   : element("td", {{"role", "cell"}, {"data-label", label}}, rows[i][column]));
    }
    body.add(element("tr", {{"role", "row"}}, line));
  }
  const Markup top =
      element("thead", {{"role", "rowgroup"}}, element("tr", {{"role", "row"}}, head));
  return html::join(element("table",
                            {{"role", "table"}},
                            html::join(element("caption", caption),
                                       top,
                                       element("tbody", {{"role", "rowgroup"}}, body))),
                    report_rest(rows.size() - shown, "rows"));
}

Markup report_chips(const std::vector<ReportChip>& chips) {
  Markup items;
  const size_t shown = std::min(chips.size(), kMaxReportRows);
  for (size_t i = 0; i < shown; ++i) {
    const std::string_view sign = chips[i].look == "added"     ? "+ "
                                  : chips[i].look == "removed" ? "− "
                                                               : "";
    items.add(element("li",
                      {{"class", concat("chip ", chips[i].look)}},
                      html::join(text(sign), report_code(chips[i].name))));
  }
  return html::join(element("ul", {{"class", "chips"}}, items),
                    report_rest(chips.size() - shown, "names"));
}

std::vector<ReportChip> chips_of(const ReportFacts& facts, Field field) {
  std::vector<ReportChip> chips;
  for (const Grant& grant : facts.grants) {
    if (grant.field == field && grant.kind == GrantKind::kEntry) {
      const auto found = facts.severities.find({field, grant.key});
      const bool risky = found != facts.severities.end();
      chips.push_back({grant.key,
                       facts.is_difference() ? "added"
                       : risky               ? risk_severity_word(found->second)
                                             : ""});
    }
  }
  for (const Grant& grant : facts.removed) {
    if (grant.field == field && grant.kind == GrantKind::kEntry) {
      chips.push_back({grant.key, "removed"});
    }
  }
  return chips;
}

std::vector<ReportChip> list_of(const ReportFacts& facts, Field field) {
  std::vector<ReportChip> chips = chips_of(facts, field);
  if (facts.is_difference() && !facts.before(field).present) {
    for (const Entry& entry : facts.value(field).entries) {
      chips.push_back({entry.key, ""});
    }
  }
  return chips;
}

std::string_view change_of_bound(const ReportFacts& facts, Field field) {
  const FieldValue& now = facts.value(field);
  return now.present == facts.before(field).present ? "No change."
         : !now.present                             ? "This is no longer bounded."
         : now.entries.empty()                      ? "Nothing is allowed now. Before, this was not bounded."
                                                    : "Before, this was not bounded. Now:";
}

}  // namespace redoubt::policy
