// Conversions from the units of cgroup v1, which config.json speaks, to those of cgroup v2.
#ifndef REDOUBT_POLICY_CGROUP_UNITS_H_
#define REDOUBT_POLICY_CGROUP_UNITS_H_

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace redoubt::policy {

// cpu.shares 2..262144 -> cpu.weight 1..10000. The curve goes through minimum, default (1024 ->
// 100) and maximum: 10^((l^2 + 125 l) / 612 - 7/34) with l = log2(shares), rounded up. Values
// outside are clamped. 0 (not set) -> 0.
uint64_t cpu_weight_from_shares(uint64_t shares);

// blkio.weight 10..1000 -> io.weight 1..10000, linear; values outside are clamped. 0 (not set) ->
// 0.
uint64_t io_weight_from_blkio(uint16_t weight);

// memory.memsw.limit (memory and swap together) -> memory.swap.max (swap alone); -1 is no limit, 0
// is not set. With the memory limit taken away and no word about swap, swap is unlimited too. 0
// with memory_and_swap > 0: no swap at all.
Result<int64_t> swap_from_memory_and_swap(int64_t memory_and_swap, int64_t memory);

// "2MB", "1GB", "64KB": digits and a unit.
bool is_huge_page_size(std::string_view size);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_CGROUP_UNITS_H_
