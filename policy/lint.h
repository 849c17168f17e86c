// Lint of a profile: what is allowed by the format but hardly meant, or weaker than it looks.
#ifndef REDOUBT_POLICY_LINT_H_
#define REDOUBT_POLICY_LINT_H_

#include <string>
#include <vector>

#include "policy/document/document.h"

namespace redoubt::policy {

enum class Severity { kInfo, kWarning, kError };

struct Finding {
  Severity severity{};
  std::string field;
  std::string place;  // file:line
  std::string what;
};

// `raw` is the document as written, `merged` with all that it extends, `default_profile` what the
// node gives to everybody.
std::vector<Finding> lint(const Document& raw,
                          const Document& merged,
                          const Document& default_profile);

std::string_view severity_word(Severity severity);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_LINT_H_
