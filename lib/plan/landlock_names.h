// Names of the rights that Landlock knows, as landlock(7) and the kernel's audit records spell them. For the text of a Plan and for violations.
#ifndef REDOUBT_PLAN_LANDLOCK_NAMES_H_
#define REDOUBT_PLAN_LANDLOCK_NAMES_H_

#include <cstdint>
#include <string_view>
#include <vector>

namespace redoubt::plan {

// Of LANDLOCK_ACCESS_FS_*, in the order of the bits.
std::vector<std::string_view> landlock_file_access_names(uint64_t access);

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_LANDLOCK_NAMES_H_
