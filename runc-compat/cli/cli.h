// The command line as one call.
#ifndef REDOUBT_CLI_CLI_H_
#define REDOUBT_CLI_CLI_H_

#include <span>
#include <string_view>

namespace redoubt::cli {

// Runs what argv asks for and returns the exit status: 0, 1 for errors and bad usage, 3 for an
// unknown command, 255 for errors of exec, otherwise the status of the container's process.
int run_command_line(std::string_view argv0, std::span<const std::string_view> words);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_CLI_H_
