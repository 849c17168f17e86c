// Durations as Go writes and reads them on command lines: "5s", "1m30s", "100ms", "1.5h", "-2us".
#ifndef REDOUBT_BASE_DURATION_H_
#define REDOUBT_BASE_DURATION_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redoubt {

// Nanoseconds. Go's words in the errors: `time: invalid duration "5"`.
Result<int64_t> parse_duration(std::string_view text);

// As Go's Duration.String: "1m30s", "100ms", "1.5us" with a micro sign, "0s".
std::string format_duration(int64_t nanoseconds);

}  // namespace redoubt

#endif  // REDOUBT_BASE_DURATION_H_
