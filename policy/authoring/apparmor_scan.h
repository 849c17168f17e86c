// The form of an AppArmor policy file without its meaning: blocks of statements, each a line of words.
// Bounded: a text beyond the limits is an error, and so is what apparmor.d(5) does not have.
#ifndef REDOUBT_POLICY_AUTHORING_APPARMOR_SCAN_H_
#define REDOUBT_POLICY_AUTHORING_APPARMOR_SCAN_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace redoubt::policy {

inline constexpr size_t kMaxAppArmorStatements = 32768;
inline constexpr size_t kMaxAppArmorDepth = 4;  // profiles within profiles

struct AppArmorStatement {
  uint32_t line = 0;
  // "/usr/{bin,sbin}/**", "peer=(label=a,name=b)" and "(r, w)" are one word each; quotes are taken away.
  std::vector<std::string> words;
};

// The file itself, a profile or a hat.
struct AppArmorBlock {
  AppArmorStatement header;
  std::vector<AppArmorStatement> statements;
  std::vector<AppArmorBlock> blocks;
};

// Errors: "nginx:12: what".
Result<AppArmorBlock> scan_apparmor(std::string_view text, const std::string& source);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_APPARMOR_SCAN_H_
