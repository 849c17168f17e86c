// Merging is a meet in a lattice: the result allows what both documents allow. It is idempotent,
// commutative and associative but for the rules that values are ascribed to, and its result is
// below each of its inputs (tests/unit/policy/merge_test.cc tries random documents).
//
// The type of a field decides (field.h); nothing here knows a single field by name. A field that adds to
// another one (FieldInfo::adds_to) is met as what both of them grant: it never says more than it
// adds, and where the other one allows everything it says nothing. Two texts that
// must agree and do not meet in a conflict, the bottom: it survives every further merge and the
// container is refused when it is used.
#ifndef REDOUBT_POLICY_DOCUMENT_MERGE_H_
#define REDOUBT_POLICY_DOCUMENT_MERGE_H_

#include <vector>

#include "base/result.h"
#include "policy/document/document.h"

namespace redoubt::policy {

// Kind, name and description are a's; what both extend is united.
Document meet(const Document& a, const Document& b);

// Equal but for the rules.
bool same_value(const FieldInfo& info, const FieldValue& a, const FieldValue& b);

// The fields in which `a` allows something that `b` does not. Empty: a is below b, or equal.
std::vector<Field> wider_fields(const Document& a, const Document& b);

// A line for each difference, from the view of the reader of a change: "+" more is allowed, "-"
// less, "~" another value.
struct Difference {
  Field field{};
  char sign = '~';
  std::string before, after;
  uint32_t rule = 0;       // in b; of a where the field is gone
  bool rule_in_b = true;
};
std::vector<Difference> differences(const Document& a, const Document& b);

// kDenied naming the field, both places and both values, when a conflict is left in `document`.
Status check_conflicts(const Document& document);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_DOCUMENT_MERGE_H_
