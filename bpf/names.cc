#include "bpf/names.h"

namespace redoubt::bpf {
namespace {

constexpr std::string_view kSurfaces[] = {
#define X(name, path) path,
    REDOUBT_SURFACES(X)
#undef X
};

constexpr std::string_view kHooks[] = {
#define X(name) #name,
    REDOUBT_HOOKS(X)
#undef X
};

}  // namespace

std::span<const std::string_view> surface_names() {
  return kSurfaces;
}

std::span<const std::string_view> hook_names() {
  return kHooks;
}

uint64_t surface_bits(const std::vector<std::string_view>& names) {
  uint64_t bits = 0;
  for (const std::string_view name : names) {
    for (size_t i = 0; i < REDOUBT_SURFACE_COUNT; ++i) {
      bits |= kSurfaces[i] == name ? uint64_t{1} << i : 0;
    }
  }
  return bits;
}

std::vector<std::string_view> surfaces_of(uint64_t bits) {
  std::vector<std::string_view> names;
  for (size_t i = 0; i < REDOUBT_SURFACE_COUNT; ++i) {
    if ((bits >> i & 1) != 0) {
      names.push_back(kSurfaces[i]);
    }
  }
  return names;
}

}  // namespace redoubt::bpf
