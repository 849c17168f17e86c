// Why minimise left something out: for each value of the profile that is not in the shorter one, the
// rule that says it as well. Used by minimise.cc only.
#ifndef REDOUBT_POLICY_AUTHORING_OMISSIONS_H_
#define REDOUBT_POLICY_AUTHORING_OMISSIONS_H_

#include <vector>

#include "policy/authoring/minimise.h"

namespace redoubt::policy {

std::vector<Omission> find_omissions(const Document& raw,
                                     const Document& resolved,
                                     const Document& shorter,
                                     const Document& base);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_OMISSIONS_H_
