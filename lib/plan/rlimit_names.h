// The resource limits of getrlimit(2) by their config.json words.
#ifndef REDOUBT_PLAN_RLIMIT_NAMES_H_
#define REDOUBT_PLAN_RLIMIT_NAMES_H_

#include "plan/name_table.h"

namespace redoubt::plan {

std::span<const NamedNumber> rlimit_names();

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_RLIMIT_NAMES_H_
