// Linter: the documents that are looked at and what was found so far. The checks of lint.h, in three
// files: lint.cc (the document, capabilities, system calls), lint_files.cc, lint_surroundings.cc.
#ifndef REDOUBT_POLICY_LINTER_H_
#define REDOUBT_POLICY_LINTER_H_

#include <string>
#include <string_view>
#include <vector>

#include "policy/lint.h"

namespace redoubt::policy {

struct Linter {
  const Document& raw;
  const Document& merged;
  const Document& default_profile;
  std::vector<Finding> findings;

  // `id`: of lint_checks().
  void add(std::string_view id, Field field, uint32_t rule, std::string what);
  void add(std::string_view id, Field field, std::string what) {
    add(id, field, merged[field].rule, std::move(what));
  }
  // About the document and no field of it.
  void add(std::string_view id, std::string_view key, std::string what);
};

void lint_files(Linter& lint);
void lint_surroundings(Linter& lint);  // network, limits, labels, devices

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_LINTER_H_
