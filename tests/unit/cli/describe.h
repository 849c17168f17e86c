// A CommandLine as one line of text, so that the grammar can be tested as a table.
//
//   "run create root=/r | bundle=b pid-file=p | web1"        (what, global flags, flags of the
//   verb, arguments) "bad-flag list: flag provided but not defined: -qf"
#ifndef REDOUBT_TESTS_CLI_DESCRIBE_H_
#define REDOUBT_TESTS_CLI_DESCRIBE_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/str.h"
#include "runc-compat/cli/command_line.h"
#include "runc-compat/cli/global_flags.h"

namespace redoubt::cli {

inline std::string flag_value(const Arguments& arguments, const Flag& flag) {
  switch (flag.kind) {
    case FlagKind::kBool:
      return arguments.flag(flag.name) ? "true" : "false";
    case FlagKind::kString:
      return arguments.text(flag.name);
    case FlagKind::kStringList:
      return join(arguments.list(flag.name), "+");
    case FlagKind::kInt:
    case FlagKind::kDuration:
      return concat(arguments.number(flag.name));
    case FlagKind::kUint:
      return concat(arguments.unsigned_number(flag.name));
  }
  return {};
}

inline std::string set_flags(const Arguments& arguments, std::span<const Flag> flags) {
  std::string out;
  for (const Flag& flag : flags) {
    if (arguments.is_set(flag.name)) {
      out += concat(" ", flag.name, "=", flag_value(arguments, flag));
    }
  }
  return out;
}

// Words are separated by one blank; '' is the empty word.
inline CommandLine parse_text(std::string_view text) {
  const std::vector<std::string> parts =
      text.empty() ? std::vector<std::string>() : split(text, ' ');
  std::vector<std::string_view> words;
  for (const std::string& part : parts) {
    words.push_back(part == "''" ? std::string_view() : std::string_view(part));
  }
  return parse_command_line(words, "redoubt");
}

inline std::string describe(const CommandLine& line) {
  const std::string_view verb = line.verb == nullptr ? "global" : line.verb->name;
  switch (line.action) {
    case Action::kVersion:
      return "version";
    case Action::kRootHelp:
      return "help";
    case Action::kVerbHelp:
      return concat("help ", verb);
    case Action::kUnknownVerb:
      return concat("unknown ", line.unknown_name);
    case Action::kBadFlag:
      return concat("bad-flag ", verb, ": ", line.error->message());
    case Action::kBadCount:
      return concat("bad-count ", line.error->message());
    case Action::kRunVerb:
      break;
  }
  std::string out = concat("run ",
                           verb,
                           set_flags(line.globals, global_flags()),
                           " |",
                           set_flags(line.arguments, line.verb->flags),
                           " |");
  for (const std::string& word : line.arguments.positional()) {
    out += concat(" ", word.empty() ? "''" : word);
  }
  return out;
}

}  // namespace redoubt::cli

#endif  // REDOUBT_TESTS_CLI_DESCRIBE_H_
