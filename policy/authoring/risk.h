// Risks: what a grant, or two of them together, means for who runs the workload. One table says
// which there are, how bad each is and which field raises it; evaluated over a whole document, or
// over what a difference adds.
//
// Lint (policy/lint.h) judges how a document is written; the facts about names are shared
// (policy/dangers.h).
#ifndef REDOUBT_POLICY_AUTHORING_RISK_H_
#define REDOUBT_POLICY_AUTHORING_RISK_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/authoring/grant.h"
#include "policy/document/document.h"

namespace redoubt::policy {

enum class RiskSeverity : uint8_t { kLow, kMedium, kHigh, kCritical };
inline constexpr size_t kRiskSeverityCount = 4;

// `id` is for machines and does not change.
struct RiskInfo {
  std::string_view id;
  RiskSeverity severity{};
  Field field{};
  bool (*raised_by)(const Grant&) = nullptr;  // nullptr: it takes more than one grant (risk.cc)
  std::string_view means;
};

// Sorted by id.
std::span<const RiskInfo> risk_table();

struct Risk {
  const RiskInfo* info = nullptr;
  std::string what;  // grant_text(), or a sentence about more of them
  Grant grant;       // of info->field
};

// The worst first. Of risks that take more than one grant, those of which at least one is in
// `grants`.
std::vector<Risk> risks_of(const Document& document, const std::vector<Grant>& grants);

std::string_view risk_severity_word(RiskSeverity severity);

// Those of one kind together, in the order of `risks`, into which they point.
std::vector<std::vector<const Risk*>> risks_by_kind(const std::vector<Risk>& risks);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_RISK_H_
