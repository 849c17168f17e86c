// cli::Verb: one command of the command line as data, and the flags that it takes.
//
// The tables are the only place where a flag is written down: the parser, the help texts, the
// completions and the test of the man pages read them. A verb lives in its own file (cli/kill.cc
// defines kVerbKill with its flags); verbs.h lists them. Everything here is constant-initialised;
// nothing runs before main.
#ifndef REDOUBT_CLI_VERB_H_
#define REDOUBT_CLI_VERB_H_

#include <span>
#include <string_view>

#include "base/result.h"

namespace redoubt::cli {

class Arguments;
struct Globals;

enum class FlagKind {
  kBool,        // --flag, --flag=true|false
  kString,      // the last one wins
  kInt,         // int64, Go's base-0 spelling
  kUint,        // uint64
  kStringList,  // collects; a comma is an ordinary character
  kDuration,    // Go duration "1m30s"; number() is nanoseconds
};

struct Flag {
  std::string_view name;             // "pid-file", without dashes
  std::string_view short_name = {};  // "f", or empty
  FlagKind kind = FlagKind::kString;
  std::string_view placeholder = {};  // "FILE"; empty with kBool
  std::string_view default_text =
      {};                      // the value of an absent flag, in the spelling of the command line
  std::string_view help = {};  // one line, lower case, no full stop
  bool hidden = false;         // accepted, not shown
};

enum class VerbGroup { kLifecycle, kInspect, kControl, kCheckpoint, kPolicy, kDocuments };

inline constexpr int kAnyNumber = -1;

struct Verb {
  std::string_view name;
  VerbGroup group = VerbGroup::kLifecycle;
  std::string_view arguments = {};    // "<container-id> [signal]"; a line for each form
  std::string_view summary = {};      // one line, lower case, no full stop
  std::string_view description = {};  // paragraphs for --help, lines at most 100 wide
  std::string_view examples = {};     // command lines, one a line, each starting with "redoubt"
  std::span<const Flag> flags = {};
  int min_args = 0;
  int max_args = 0;  // kAnyNumber: no limit
  // Flags end at the first positional argument: what follows belongs to somebody else (exec, ps) or
  // may start with '-' (kill).
  bool stop_at_first_argument = false;
  // Callers parse stdout and stderr together: warnings reach stderr only with --debug.
  bool quiet = false;
  int failure_status = 1;
  // The exit status, or the Error that output.h turns into stderr, log and failure_status.
  Result<int> (*run)(const Globals&, const Arguments&) = nullptr;
};

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_VERB_H_
