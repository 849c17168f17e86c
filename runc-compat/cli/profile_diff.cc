// profile diff: the fields that differ, and in words what the second profile adds and removes, with
// the risks of it.
#include <algorithm>

#include "base/str.h"
#include "policy/authoring/risk.h"
#include "policy/document/merge.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/profile_call.h"

namespace redoubt::cli {
namespace {

using policy::Difference;
using policy::Grant;
using policy::Risk;
using policy::RiskSeverity;

struct Change {
  std::vector<Difference> fields;
  std::vector<Grant> added, removed;
  std::vector<Risk> risks, risks_gone;
};

Change change_of(const policy::Document& a, const policy::Document& b) {
  Change change{
      policy::differences(a, b), policy::added_grants(a, b), policy::added_grants(b, a), {}, {}};
  change.risks = policy::risks_of(b, change.added);
  change.risks_gone = policy::risks_of(a, change.removed);
  return change;
}

std::string_view word_of(char sign) {
  return sign == '-' ? "tighter" : sign == '+' ? "wider" : "other";
}

json::Value grants_json(const std::vector<Grant>& grants, policy::Field field) {
  json::Value out{json::Array()};
  for (const Grant& grant : grants) {
    if (grant.field == field) {
      out.push(policy::grant_text(grant));
    }
  }
  return out;
}

json::Value risks_json(const std::vector<Risk>& risks, policy::Field field) {
  json::Value out{json::Array()};
  for (const Risk& risk : risks) {
    if (risk.info->field == field) {
      json::Value row;
      row.set("risk", risk.info->id)
          .set("severity", policy::risk_severity_word(risk.info->severity));
      out.push(row.set("what", risk.what).set("means", risk.info->means));
    }
  }
  return out;
}

std::string place_in(const ProfileDocuments& a, const ProfileDocuments& b, const Difference& d) {
  return policy::place_of((d.rule_in_b ? b : a).merged.rules[d.rule]);
}

json::Value change_json(const ProfileDocuments& a,
                        const ProfileDocuments& b,
                        const Change& change) {
  json::Value out{json::Array()};
  for (const Difference& d : change.fields) {
    json::Value row;
    row.set("field", policy::info_of(d.field).path).set("change", word_of(d.sign));
    row.set("before", d.before).set("after", d.after).set("rule", place_in(a, b, d));
    row.set("adds", grants_json(change.added, d.field))
        .set("removes", grants_json(change.removed, d.field));
    row.set("risks", risks_json(change.risks, d.field));
    out.push(row.set("risksRemoved", risks_json(change.risks_gone, d.field)));
  }
  return out;
}

Colour colour_of(RiskSeverity severity) {
  return severity >= RiskSeverity::kHigh     ? Colour::kBad
         : severity == RiskSeverity::kMedium ? Colour::kWarn
                                             : Colour::kFaint;
}

std::vector<std::vector<Cell>> field_rows(const ProfileDocuments& a,
                                          const ProfileDocuments& b,
                                          const Change& change) {
  std::vector<std::vector<Cell>> rows;
  for (const Difference& d : change.fields) {
    const Colour colour = d.sign == '-'   ? Colour::kGood
                          : d.sign == '+' ? Colour::kBad
                                          : Colour::kWarn;
    rows.push_back({{std::string(1, d.sign), colour},
                    {std::string(policy::info_of(d.field).path), colour},
                    {place_in(a, b, d), Colour::kFaint},
                    {concat(d.before, " -> ", d.after)}});
  }
  return rows;
}

// A row a field that has grants without a risk: `word` is "adds" or "removes".
void add_grant_rows(const std::vector<Grant>& grants,
                    const std::vector<Risk>& risks,
                    const Cell& word,
                    std::vector<std::vector<Cell>>& rows) {
  std::vector<Grant> harmless;
  std::copy_if(grants.begin(), grants.end(), std::back_inserter(harmless), [&](const Grant& grant) {
    return std::none_of(
        risks.begin(), risks.end(), [&](const Risk& risk) { return risk.grant == grant; });
  });
  for (const policy::FieldInfo& info : policy::field_table()) {
    const std::string words = policy::grants_text(harmless, info.field);
    if (!words.empty()) {
      rows.push_back({word, {"-", Colour::kFaint}, {"-", Colour::kFaint}, {words}});
    }
  }
}

// What one kind of risk is about: its grants in one line, or the first sentence about more of them.
std::string subject_of(const std::vector<const Risk*>& kind) {
  if (kind.front()->info->raised_by == nullptr) {
    return concat(kind.front()->what,
                  kind.size() == 1 ? "" : concat(" ... ", kind.size(), " in all"));
  }
  std::vector<Grant> grants;
  for (const Risk* risk : kind) {
    grants.push_back(risk->grant);
  }
  return policy::grants_text(grants, kind.front()->info->field);
}

// The risks, the worst first and a row for each kind, then what has none.
void add_rows(const std::vector<Grant>& grants,
              const std::vector<Risk>& risks,
              const Cell& word,
              std::vector<std::vector<Cell>>& rows) {
  for (const std::vector<const Risk*>& kind : policy::risks_by_kind(risks)) {
    const policy::RiskInfo& info = *kind.front()->info;
    rows.push_back(
        {word,
         {std::string(policy::risk_severity_word(info.severity)), colour_of(info.severity)},
         {std::string(info.id)},
         {concat(subject_of(kind), ": ", info.means)}});
  }
  add_grant_rows(grants, risks, word, rows);
}

std::string change_table(const ProfileDocuments& a,
                         const ProfileDocuments& b,
                         const Change& change,
                         const ReportStyle& style) {
  std::string text = format_report({}, field_rows(a, b, change), style);
  std::vector<std::vector<Cell>> rows;
  add_rows(change.added, change.risks, {"adds", Colour::kBad}, rows);
  add_rows(change.removed, change.risks_gone, {"removes", Colour::kGood}, rows);
  if (!rows.empty()) {
    text += '\n' + format_report({"CHANGE", "SEVERITY", "RISK", "WHAT"}, rows, style);
  }
  return text;
}

}  // namespace

Result<int> profile_diff(ProfileCall& call) {
  TRY_ASSIGN(const ProfileDocuments a, open_document(call.files, call.words[0]));
  TRY_ASSIGN(const ProfileDocuments b, open_document(call.files, call.words[1]));
  const Change change = change_of(a.merged, b.merged);
  TRY(call.as_json() ? print_json(change_json(a, b, change))
                     : print(change_table(a, b, change, call.style)));
  return std::any_of(change.fields.begin(), change.fields.end(), [](const Difference& d) {
    return d.sign != '-';
  });
}

}  // namespace redoubt::cli
