// The numbers of abi.h in words: fields of the policy document and hooks of the kernel.
#ifndef REDOUBT_BPF_NAMES_H_
#define REDOUBT_BPF_NAMES_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "bpf/abi.h"

namespace redoubt::bpf {

std::span<const std::string_view> surface_names();  // index: redoubt_surface
std::span<const std::string_view> hook_names();     // index: redoubt_hook

// The bits of these names; a name that is no surface has none.
uint64_t surface_bits(const std::vector<std::string_view>& names);
// The names of these bits.
std::vector<std::string_view> surfaces_of(uint64_t bits);

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_NAMES_H_
