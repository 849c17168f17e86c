// The rows of the host's ps(1) that belong to a container.
#ifndef REDOUBT_CLI_PS_TABLE_H_
#define REDOUBT_CLI_PS_TABLE_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace redoubt::cli {

// The header line of `ps_output` and the lines whose PID column is one of `pids`, unchanged.
// No such column: "couldn't find PID field in ps output".
Result<std::string> filter_ps_table(std::string_view ps_output, const std::vector<pid_t>& pids);

// Runs the host's ps by absolute path (callers clear PATH) with the arguments and returns its
// standard output. A failing ps: its exit status and what it printed.
Result<std::string> run_ps(const std::vector<std::string>& arguments);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_PS_TABLE_H_
