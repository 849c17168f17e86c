// Lists of cpu or NUMA node numbers as the kernel writes them, cpuset(7) "List format": "0-3,7".
#ifndef REDOUBT_PLAN_CPU_LIST_H_
#define REDOUBT_PLAN_CPU_LIST_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace redoubt::plan {

inline constexpr unsigned kMaxListNumber = 8191;  // NR_CPUS of the largest distribution kernels

// The bit mask, lowest word first, without trailing zero words; an empty text is an empty mask.
// Numbers above kMaxListNumber and ranges that run backwards are errors. Blanks around the parts
// are accepted.
Result<std::vector<uint64_t>> parse_cpu_list(std::string_view text);

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_CPU_LIST_H_
