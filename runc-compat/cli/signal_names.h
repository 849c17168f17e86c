// Signals as `kill` takes them: a number, a name with or without "SIG" in any case, or RTMIN+n /
// RTMAX-n.
#ifndef REDOUBT_CLI_SIGNAL_NAMES_H_
#define REDOUBT_CLI_SIGNAL_NAMES_H_

#include <string_view>

#include "base/result.h"

namespace redoubt::cli {

// The kernel's number; 0 is allowed (existence check). Otherwise: unknown signal "X".
Result<int> parse_signal(std::string_view text);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_SIGNAL_NAMES_H_
