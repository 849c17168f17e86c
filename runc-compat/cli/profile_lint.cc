// profile lint: the findings as a table, as JSON, and as SARIF 2.1.0, which code review tools show at
// the line.
#include <algorithm>

#include "base/str.h"
#include "policy/effective.h"
#include "policy/lint.h"
#include "policy/signed_profiles.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/profile_call.h"

namespace redoubt::cli {
namespace {

using policy::Finding;
using policy::Severity;

std::string_view sarif_level(Severity severity) {
  constexpr std::string_view kWords[] = {"note", "warning", "error"};
  return kWords[static_cast<size_t>(severity)];
}

json::Value text_json(std::string_view text) {
  return json::Value().set("text", text);
}

json::Value sarif_rules() {
  json::Value rules{json::Array()};
  for (const policy::LintCheck& check : policy::lint_checks()) {
    json::Value rule;
    rule.set("id", check.id).set("help", text_json(check.fix));
    rules.push(
        rule.set("defaultConfiguration", json::Value().set("level", sarif_level(check.severity))));
  }
  return rules;
}

json::Value sarif_result(const Finding& finding) {
  const size_t colon = finding.place.rfind(':');
  const auto line = colon == std::string::npos
                        ? std::nullopt
                        : parse_number<uint32_t>(std::string_view(finding.place).substr(colon + 1));
  json::Value physical;
  physical.set("artifactLocation",
               json::Value().set("uri", line ? finding.place.substr(0, colon) : finding.place));
  physical.set("region", json::Value().set("startLine", line.value_or(1)));
  json::Value result;
  result.set("ruleId", finding.id).set("level", sarif_level(finding.severity));
  result.set("message", text_json(concat(finding.field, ": ", finding.what, "; ", finding.fix)));
  return result.set(
      "locations",
      json::Value().push(json::Value().set("physicalLocation", std::move(physical))));
}

json::Value sarif(const std::vector<Finding>& findings) {
  json::Value results{json::Array()};
  for (const Finding& finding : findings) {
    results.push(sarif_result(finding));
  }
  json::Value driver;
  driver.set("name", "redoubt").set("rules", sarif_rules());
  json::Value run;
  run.set("tool", json::Value().set("driver", std::move(driver)));
  run.set("results", std::move(results));
  json::Value out;
  out.set("$schema", "https://json.schemastore.org/sarif-2.1.0.json").set("version", "2.1.0");
  return out.set("runs", json::Value().push(std::move(run)));
}

json::Value findings_json(const std::vector<Finding>& findings) {
  json::Value out{json::Array()};
  for (const Finding& finding : findings) {
    json::Value row;
    row.set("place", finding.place).set("severity", policy::severity_word(finding.severity));
    row.set("field", finding.field).set("what", finding.what);
    out.push(row.set("check", finding.id).set("fix", finding.fix));
  }
  return out;
}

std::string table(const std::vector<Finding>& findings, const ReportStyle& style) {
  std::vector<std::vector<Cell>> rows;
  for (const Finding& finding : findings) {
    const bool error = finding.severity == Severity::kError;
    rows.push_back({{finding.place},
                    {std::string(policy::severity_word(finding.severity)),
                     error ? Colour::kBad : Colour::kWarn},
                    {finding.field},
                    {concat(finding.what, "; ", finding.fix)}});
  }
  return format_report({}, rows, style);
}

// What the document itself cannot show: whether this node takes its file.
Status check_signature(ProfileCall& call,
                       const policy::Document& node,
                       const std::string& word,
                       std::vector<Finding>& findings) {
  TRY_ASSIGN(const policy::SourceText source, open_source(call.files, word));
  if (!node[policy::Field::kNodeSignedBy].present || source.built_in != nullptr) {
    return {};
  }
  TRY_ASSIGN(const std::vector<policy::PublicKey> keys, policy::accepted_keys(node));
  Result<std::optional<policy::SourceText>> signature = open_signature(source);
  const Result<std::string> signer =
      signature ? policy::signer_of(source, *signature, keys) : std::move(signature).error();
  if (!signer) {
    const policy::LintCheck& check = policy::lint_check("signature-not-accepted");
    findings.push_back({check.severity, "node.signedBy", source.source, signer.error().message(),
                        check.id, check.fix});
  }
  return {};
}

}  // namespace

Result<int> profile_lint(ProfileCall& call) {
  TRY_ASSIGN(const policy::Document standard,
             policy::load_profile(call.files.sources().find_profile, "default"));
  TRY_ASSIGN(const policy::Document node, policy::read_node(call.files.sources().node));
  std::vector<Finding> findings;
  for (const std::string& word : call.words) {
    TRY(check_signature(call, node, word, findings));
    TRY_ASSIGN(const ProfileDocuments documents, open_document(call.files, word));
    const std::vector<Finding> own = policy::lint(documents.raw, documents.merged, standard);
    findings.insert(findings.end(), own.begin(), own.end());
  }
  TRY(call.format == "sarif" ? print_json(sarif(findings))
      : call.as_json()       ? print_json(findings_json(findings))
                             : print(table(findings, call.style)));
  return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity == Severity::kError;
  });
}

}  // namespace redoubt::cli
