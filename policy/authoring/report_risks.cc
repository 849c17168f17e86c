// The first sections of the report: the risks, and in a difference what it adds and removes, in
// words.
#include <algorithm>

#include "base/str.h"
#include "policy/authoring/report_parts.h"

namespace redoubt::policy {
namespace {

using html::element;
using html::Markup;
using html::text;

constexpr size_t kShownOfKind = 5;
constexpr size_t kMostOfKind = 200;

using RiskGroup = std::vector<const Risk*>;

bool is_named(const Risk& risk) {
  return risk.grant.kind == GrantKind::kEntry || risk.grant.kind == GrantKind::kLifted;
}

// The rule that grants it; nothing when it is the silence of the document that does.
Markup reason_of(const Risk& risk, const Document& document) {
  if (risk.grant.rule == kNoRule) {
    return {};
  }
  const Rule& rule = document.rules[risk.grant.rule];
  return element("small",
                 html::join(text(" "),
                            report_words(rule.reason),
                            text(" "),
                            element("span", {{"class", "place"}}, report_words(place_of(rule)))));
}

// Below the meaning of a kind of risk: that no rule closes it, said once for all.
Markup silence_of(const RiskGroup& group) {
  const bool silent = std::all_of(
      group.begin(), group.end(), [](const Risk* r) { return r->grant.rule == kNoRule; });
  return silent ? element("small", {{"class", "faint"}}, " No rule closes it.") : Markup();
}

Markup items_of(std::span<const Risk* const> risks, const Document& document) {
  Markup items;
  for (const Risk* risk : risks) {
    const Markup what = is_named(*risk) ? report_code(risk->what) : report_words(risk->what);
    items.add(element("li", html::join(what, reason_of(*risk, document))));
  }
  return element("ul", {{"class", "plain"}}, items);
}

Markup group_markup(const RiskGroup& group, const Document& document, bool is_removed) {
  const RiskInfo& info = *group.front()->info;
  const std::string_view word = risk_severity_word(info.severity);
  const std::span<const Risk* const> all(group);
  const size_t shown = std::min(all.size(), kShownOfKind);
  const size_t most = std::min(all.size(), kMostOfKind);
  Markup body = html::join(
      element(
          "h3",
          html::join(report_badge(is_removed ? "removed" : word, word), text(" "), text(info.id))),
      element(
          "p", {{"class", "means"}}, html::join(text(info.means), text("."), silence_of(group))),
      items_of(all.subspan(0, shown), document));
  if (most > shown) {
    body.add(report_fold(false,
                         text(concat("all ", all.size())),
                         html::join(items_of(all.subspan(shown, most - shown), document),
                                    report_rest(all.size() - most, "of this kind"))));
  }
  return element("li", {{"class", concat("risk ", is_removed ? "removed" : word)}}, body);
}

Markup list_of(std::span<const RiskGroup> groups, const Document& document, bool is_removed) {
  Markup items;
  for (const RiskGroup& group : groups) {
    items.add(group_markup(group, document, is_removed));
  }
  return element("ol", {{"class", "risks"}}, items);
}

// Those of low severity behind a line: they are many, and few of them are worth a morning.
Markup risks_markup(const std::vector<Risk>& risks, const Document& document) {
  const std::vector<RiskGroup> groups = risks_by_kind(risks);
  const auto low = std::find_if(groups.begin(), groups.end(), [](const RiskGroup& group) {
    return group.front()->info->severity == RiskSeverity::kLow;
  });
  const auto first = static_cast<size_t>(low - groups.begin());
  const std::span<const RiskGroup> all(groups);
  Markup body;
  if (first > 0) {
    body.add(list_of(all.subspan(0, first), document, false));
  }
  if (first < groups.size()) {
    body.add(report_fold(first == 0,
                         text(concat(groups.size() - first, " of low severity")),
                         list_of(all.subspan(first), document, false)));
  }
  return body;
}

Markup counts_markup(const std::vector<Risk>& risks) {
  const std::vector<RiskGroup> kinds = risks_by_kind(risks);
  Markup items;
  for (size_t i = kRiskSeverityCount; i-- > 0;) {
    const auto severity = static_cast<RiskSeverity>(i);
    const auto count = std::count_if(kinds.begin(), kinds.end(), [&](const RiskGroup& kind) {
      return kind.front()->info->severity == severity;
    });
    const std::string_view word = risk_severity_word(severity);
    items.add(element("li",
                      {{"class", count == 0 ? "count none" : concat("count ", word)}},
                      html::join(element("strong", concat(count)), text(concat(" ", word)))));
  }
  return element("ul", {{"class", "counts"}, {"aria-label", "kinds of risks by severity"}}, items);
}

Markup change_rows(const std::vector<Grant>& grants,
                   std::string_view look,
                   std::string_view heading) {
  Markup items;
  for (const FieldInfo& info : field_table()) {
    const std::string words = grants_text(grants, info.field);
    if (!words.empty()) {
      items.add(element("li",
                        html::join(report_badge(look, look),
                                   text(" "),
                                   element("span", words),
                                   text(" "),
                                   element("small", {{"class", "place"}}, info.path))));
    }
  }
  const Markup none = element("p", {{"class", "faint"}}, "nothing");
  return html::join(element("h3", heading),
                    items.empty() ? none : element("ul", {{"class", "plain changes"}}, items));
}

Markup changes_markup(const ReportFacts& facts) {
  Markup body = html::join(change_rows(facts.grants, "added", "What it adds"),
                           change_rows(facts.removed, "removed", "What it removes"));
  if (!facts.removed_risks.empty()) {
    const std::vector<RiskGroup> groups = risks_by_kind(facts.removed_risks);
    body.add(report_fold(false,
                         text(concat(groups.size(), " kinds of risks go with it")),
                         list_of(groups, facts.input.against, true)));
  }
  return report_section("changes", "Changes", body);
}

std::string_view lead_of(ReportKind kind) {
  switch (kind) {
    case ReportKind::kProfile:
      return "What the profile leaves open, the worst first.";
    case ReportKind::kRecording:
      return "What the workload was seen to do, the worst first. It says what it needs, not what "
             "it may do.";
    case ReportKind::kDifference:
      break;
  }
  return "What the change adds, the worst first. What was open before is not listed.";
}

}  // namespace

Markup report_risks(const ReportFacts& facts) {
  Markup body = html::join(report_paragraph(lead_of(facts.input.kind)), counts_markup(facts.risks));
  body.add(facts.risks.empty() ? element("p", {{"class", "good"}}, "No known risk.")
                               : risks_markup(facts.risks, facts.input.subject));
  const Markup risks = report_section("risks", "Risks", body);
  return facts.is_difference() ? html::join(risks, changes_markup(facts)) : risks;
}

}  // namespace redoubt::policy
