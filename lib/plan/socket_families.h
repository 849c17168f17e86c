// The address families of socket(2) by name. Shared by the policy documents and the passes.
#ifndef REDOUBT_PLAN_SOCKET_FAMILIES_H_
#define REDOUBT_PLAN_SOCKET_FAMILIES_H_

#include <cstdint>
#include <span>

#include "plan/name_table.h"

namespace redoubt::plan {

// "AF_ALG" ... "AF_XDP", sorted by name.
std::span<const NamedNumber> socket_family_names();

// Families from here on do not exist in any kernel (AF_MAX of Linux 6.18).
inline constexpr uint64_t kSocketFamilyEnd = 46;

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_SOCKET_FAMILIES_H_
