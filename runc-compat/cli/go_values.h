// Values as Go's strconv and time packages read them, with their error texts: engines are written
// in Go and so are the habits of their users ("--detach=T", "--interval=1m30s", "0x10").
#ifndef REDOUBT_CLI_GO_VALUES_H_
#define REDOUBT_CLI_GO_VALUES_H_

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace redoubt::cli {

// strconv.ParseBool: 1 t T true TRUE True, 0 f F false FALSE False.
Result<bool> parse_go_bool(std::string_view text);

// strconv.ParseInt / ParseUint with base 0: 0x, 0o, 0b and 0 prefixes, '_' between digits.
Result<int64_t> parse_go_int(std::string_view text);
Result<uint64_t> parse_go_uint(std::string_view text);

// time.ParseDuration: a signed sequence of decimal numbers with a unit each (ns us ms s m h).
// Nanoseconds.
Result<int64_t> parse_go_duration(std::string_view text);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_GO_VALUES_H_
