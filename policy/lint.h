// Lint of a profile: what is allowed by the format but hardly meant, or weaker than it looks.
#ifndef REDOUBT_POLICY_LINT_H_
#define REDOUBT_POLICY_LINT_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/document/document.h"

namespace redoubt::policy {

enum class Severity { kInfo, kWarning, kError };

// One thing that lint looks for. `id` is for machines and does not change.
struct LintCheck {
  std::string_view id;
  Severity severity{};
  std::string_view fix;
};

// Sorted by id.
std::span<const LintCheck> lint_checks();
// Preconditions: it is one of them.
const LintCheck& lint_check(std::string_view id);

struct Finding {
  Severity severity{};
  std::string field;
  std::string place;  // file:line
  std::string what;
  std::string_view id, fix;  // of the check
};

// `raw` is the document as written, `merged` with all that it extends, `default_profile` what the
// node gives to everybody.
std::vector<Finding> lint(const Document& raw,
                          const Document& merged,
                          const Document& default_profile);

std::string_view severity_word(Severity severity);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_LINT_H_
