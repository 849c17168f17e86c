// profile generalise and explain: from a recording to a profile, and from an operation to the rule
// that decides it.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "policy/authoring/explain.h"
#include "policy/authoring/generalise.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/profile_call.h"

namespace redoubt::cli {
namespace {

Status check_steps(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto table = policy::generalise_step_table();
    const auto found = std::find_if(
        table.begin(), table.end(), [&](const auto& info) { return info.name == name; });
    if (found == table.end() || !found->optional) {
      std::vector<std::string> known;
      for (const policy::GeneraliseStepInfo& info : table) {
        if (info.optional) {
          known.emplace_back(info.name);
        }
      }
      return Error::invalid(concat("profile generalise: --without: ", quote(name),
                                   " is no step that can be left out; there are ",
                                   join(known, ", ")));
    }
  }
  return {};
}

std::string steps_text(const policy::Generalised& result, const ReportStyle& style) {
  constexpr size_t kShown = 3;
  std::vector<std::vector<Cell>> rows;
  for (const policy::GeneraliseStep& step : result.steps) {
    std::vector<std::string> shown(
        step.from.begin(), step.from.begin() + static_cast<ptrdiff_t>(std::min(kShown, step.from.size())));
    const size_t saved = step.from.empty() ? 0 : step.from.size() - 1;
    rows.push_back({{std::string(step.name), Colour::kBold},
                    {step.field},
                    {concat(saved)},
                    {step.to, Colour::kWarn},
                    {join(shown, " ") + (step.from.size() > kShown ? " ..." : "")}});
  }
  return format_report({"STEP", "FIELD", "SAVES", "ALLOWS", "IN PLACE OF"}, rows, style);
}

}  // namespace

Result<int> profile_generalise(ProfileCall& call) {
  std::vector<policy::Recording> recordings;
  std::vector<std::string> names;
  for (const std::string& path : call.words) {
    TRY_ASSIGN(policy::Recording recording, open_recording(path));
    for (const std::string& loss : recording.lost) {
      log::warning(concat(path, ": not complete: ", loss, "; the profile may deny what is needed"));
    }
    recordings.push_back(std::move(recording));
    names.emplace_back(file_name(path));
  }
  policy::GeneraliseOptions options;
  TRY_ASSIGN(options.profile_name, profile_name(call, "generalise"));
  options.source = join(names, ", ");
  options.without = call.arguments.list(kProfileWithoutFlag);
  TRY(check_steps(options.without));
  const policy::Recording merged = policy::merge_recordings(recordings);
  if (!merged.sees_start()) {
    return Error::invalid(concat("profile generalise: ",
                                 options.source,
                                 ": no run has seen the start, and under the profile nothing would start; add a recording "
                                 "of one (profile record -- run ...)"));
  }
  const policy::Generalised result = policy::generalise(merged, options);
  TRY(write_output(call, json::dump(result.profile, json::Layout::kIndent2) + "\n"));
  if (call.arguments.flag(kProfileExplainFlag)) {
    TRY(write_all(STDERR_FILENO, steps_text(result, call.style), "stderr"));
  }
  return 0;
}

Result<int> profile_explain(ProfileCall& call) {
  TRY_ASSIGN(const ProfileDocuments documents, open_document(call.files, call.words[0]));
  bool denied = false;
  std::vector<std::vector<Cell>> rows;
  json::Value out{json::Array()};
  for (size_t i = 1; i < call.words.size(); ++i) {
    TRY_ASSIGN(const policy::Operation operation, policy::parse_operation_text(call.words[i]));
    for (const policy::ExplainStep& step : policy::explain(documents.merged, operation)) {
      const bool bad = step.verdict == "deny";
      denied |= bad && step.is_result;
      rows.push_back({{step.is_result ? call.words[i] : step.field,
                       step.is_result ? Colour::kBold : Colour::kPlain},
                      {step.verdict, bad ? Colour::kBad : Colour::kGood},
                      {step.layer},
                      {step.place, Colour::kFaint},
                      {step.reason}});
      json::Value row;
      row.set("operation", call.words[i]).set("field", step.field).set("verdict", step.verdict);
      row.set("layer", step.layer).set("rule", step.place).set("reason", step.reason);
      out.push(row.set("result", step.is_result));
    }
  }
  TRY(call.as_json()
          ? print_json(out)
          : print(format_report({"FIELD", "VERDICT", "LAYER", "RULE", "WHY"}, rows, call.style)));
  return denied ? 1 : 0;
}

}  // namespace redoubt::cli
