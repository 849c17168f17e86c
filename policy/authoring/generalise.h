// From a Recording to a profile: what was seen, made wide enough for the next run by steps that are
// listed and can be left out one by one. The profile extends `default`, every rule has a reason that
// names the recording, and it lints without a warning of ours.
#ifndef REDOUBT_POLICY_AUTHORING_GENERALISE_H_
#define REDOUBT_POLICY_AUTHORING_GENERALISE_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "policy/authoring/recording.h"

namespace redoubt::policy {

// One replacement: `from` is what was recorded, `to` what the profile says in its place.
struct GeneraliseStep {
  std::string_view name;  // of generalise_step_table()
  std::string field;
  std::vector<std::string> from;
  std::string to;
};

struct GeneraliseStepInfo {
  std::string_view name, what;
  bool optional = true;  // without the others the profile cannot be enforced
};
std::span<const GeneraliseStepInfo> generalise_step_table();

struct GeneraliseOptions {
  std::string profile_name = "recorded";
  std::string source;                // of the recordings, for the reasons: "redis.json"
  std::vector<std::string> without;  // names of steps that are left out
};

struct Generalised {
  json::Value profile;
  std::vector<GeneraliseStep> steps;
};

Generalised generalise(const Recording& recording, const GeneraliseOptions& options);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_GENERALISE_H_
