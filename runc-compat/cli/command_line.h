// The grammar of the command line: argv becomes a CommandLine, without touching the system.
//
//   redoubt [global flags] verb [flags] [arguments]
//
// Flags are Go's: "--name value", "--name=value", one dash or two for any length, "--bool=false",
// "--" ends them. They may follow positional arguments, and global flags may follow the verb. Of a
// repeated flag the last one wins, lists collect. Short flags do not combine ("-qf" is an unknown
// flag). Where a verb says so (exec, kill, ps) flags end at its first argument.
#ifndef REDOUBT_CLI_COMMAND_LINE_H_
#define REDOUBT_CLI_COMMAND_LINE_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/verb.h"

namespace redoubt::cli {

enum class Action {
  kRunVerb,
  kVersion,
  kRootHelp,
  kVerbHelp,
  kUnknownVerb,  // `unknown_name`
  kBadFlag,      // `error`; of `verb`, or global when that is nullptr
  kBadCount,     // too few or too many arguments for `verb`: `error`
};

struct CommandLine {
  Action action = Action::kRootHelp;
  const Verb* verb = nullptr;
  std::string unknown_name;
  std::optional<Error> error;
  Arguments globals;
  Arguments arguments;
};

// `words` is argv without argv[0]; `argv0` starts the message about a wrong count.
CommandLine parse_command_line(std::span<const std::string_view> words, std::string_view argv0);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_COMMAND_LINE_H_
