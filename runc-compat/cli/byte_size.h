// Sizes as `update` takes them: "32M", "1.5g", "64KiB", "-1" for unlimited; the multipliers are
// powers of 1024.
#ifndef REDOUBT_CLI_BYTE_SIZE_H_
#define REDOUBT_CLI_BYTE_SIZE_H_

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace redoubt::cli {

// Bytes, or -1. Errors: "invalid size: 'x'", "invalid suffix: 'x'".
Result<int64_t> parse_byte_size(std::string_view text);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_BYTE_SIZE_H_
