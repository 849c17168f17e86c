// The way out: what the program says on stdout, and the one place where an Error becomes words, a
// log record and an exit status.
#ifndef REDOUBT_CLI_OUTPUT_H_
#define REDOUBT_CLI_OUTPUT_H_

#include <string_view>

#include "base/result.h"

namespace redoubt::cli {

// Writes to stdout; a full disk or a closed pipe is an error like any other.
Status print(std::string_view text);

// The final error: one record in the log and, when that is not stderr, the plain text there as
// well, for the callers that show a runtime's stderr to their user. Returns `exit_status`.
int report_failure(const Error& error, int exit_status);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_OUTPUT_H_
