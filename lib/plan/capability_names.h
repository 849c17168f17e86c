// The 41 capabilities of capabilities(7) by number and name. Shared by the capability pass, exec
// --cap, `features` and messages.
#ifndef REDOUBT_PLAN_CAPABILITY_NAMES_H_
#define REDOUBT_PLAN_CAPABILITY_NAMES_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace redoubt::plan {

inline constexpr int kCapabilityCount = 41;
inline constexpr uint64_t kAllCapabilities = (uint64_t{1} << kCapabilityCount) - 1;

// In numeric order: element 0 is "CAP_CHOWN".
std::span<const std::string_view> capability_names();

// The number of "CAP_CHOWN"; upper case with prefix only, as the OCI spec writes them.
std::optional<int> capability_number(std::string_view name);

// The names of the bits of a mask, in numeric order; "CAP_41" for bits that this build has no name
// for.
std::vector<std::string> capability_names_of(uint64_t mask);

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_CAPABILITY_NAMES_H_
