#include "runc-compat/cli/command_line.h"

#include <utility>

#include "base/str.h"
#include "runc-compat/cli/global_flags.h"
#include "runc-compat/cli/verbs.h"

namespace redoubt::cli {
namespace {

using Words = std::span<const std::string_view>;

// A table of flags and where their values go.
struct Scope {
  std::span<const Flag> flags;
  Arguments* values;
};

enum class Stop {
  kBeforeFirst,  // at the first positional argument (the verb)
  kAfterFirst,   // behind it: the rest is positional
  kNever,
};

struct Found {
  const Flag* flag = nullptr;
  Arguments* values = nullptr;
};

Found find_flag(std::span<const Scope> scopes, std::string_view name) {
  for (const Scope& scope : scopes) {
    for (const Flag& flag : scope.flags) {
      if (flag.name == name || (!flag.short_name.empty() && flag.short_name == name)) {
        return {&flag, scope.values};
      }
    }
  }
  return {};
}

// "-" alone is an argument.
bool is_flag(std::string_view word) {
  return word.size() > 1 && word[0] == '-';
}

// Takes the flag at words[0], with its value if that is the next word. The number of words taken.
Result<size_t> take_flag(Words words, std::span<const Scope> scopes) {
  std::string_view name = words[0].substr(words[0][1] == '-' ? 2 : 1);
  std::optional<std::string_view> value;
  if (const size_t equals = name.find('='); equals != std::string_view::npos) {
    value = name.substr(equals + 1);
    name = name.substr(0, equals);
  }
  const Found found = find_flag(scopes, name);
  if (found.flag == nullptr) {
    return Error::invalid(concat("flag provided but not defined: -", name));
  }
  size_t taken = 1;
  if (found.flag->kind == FlagKind::kBool) {
    if (!value || value->empty()) {
      value = "true";
    }
  } else if (!value) {
    if (words.size() == 1) {
      return Error::invalid(concat("flag needs an argument: ", words[0]));
    }
    value = words[1];
    taken = 2;
  }
  TRY(found.values->set(*found.flag, name, *value));
  return taken;
}

void append(std::vector<std::string>& to, Words words) {
  to.insert(to.end(), words.begin(), words.end());
}

// Sorts `words` into flags of the scopes and positional arguments. With kBeforeFirst the first
// positional argument and all that follows is returned in `positional` unread.
Status parse_words(Words words,
                   std::span<const Scope> scopes,
                   Stop stop,
                   std::vector<std::string>& positional) {
  for (size_t i = 0; i < words.size();) {
    if (words[i] == "--") {
      append(positional, words.subspan(i + 1));
      return {};
    }
    if (!positional.empty() && stop == Stop::kAfterFirst) {
      append(positional, words.subspan(i));
      return {};
    }
    if (is_flag(words[i])) {
      TRY_ASSIGN(const size_t taken, take_flag(words.subspan(i), scopes));
      i += taken;
      continue;
    }
    if (stop == Stop::kBeforeFirst) {
      append(positional, words.subspan(i));
      return {};
    }
    positional.emplace_back(words[i++]);
  }
  return {};
}

std::optional<Error> check_count(const Verb& verb, size_t count, std::string_view argv0) {
  const auto minimum = static_cast<size_t>(verb.min_args);
  const bool limited = verb.max_args != kAnyNumber;
  const auto maximum = static_cast<size_t>(verb.max_args);
  if (count >= minimum && (!limited || count <= maximum)) {
    return std::nullopt;
  }
  const bool exact = limited && minimum == maximum;
  return Error::invalid(concat(argv0,
                               ": ",
                               quote(verb.name),
                               " requires ",
                               exact             ? "exactly "
                               : count < minimum ? "a minimum of "
                                                 : "a maximum of ",
                               count < minimum ? minimum : maximum,
                               " argument(s)"));
}

CommandLine failed(CommandLine line, Action action, Error error) {
  line.action = action;
  line.error = std::move(error);
  return line;
}

CommandLine with_action(CommandLine line, Action action, const Verb* verb) {
  line.action = action;
  line.verb = verb;
  return line;
}

CommandLine unknown_verb(CommandLine line, std::string name) {
  line.action = Action::kUnknownVerb;
  line.unknown_name = std::move(name);
  return line;
}

// "help", "help verb".
CommandLine parse_help(CommandLine line, Words words) {
  if (words.empty()) {
    return with_action(std::move(line), Action::kRootHelp, nullptr);
  }
  if (const Verb* verb = find_verb(words[0])) {
    return with_action(std::move(line), Action::kVerbHelp, verb);
  }
  return unknown_verb(std::move(line), std::string(words[0]));
}

CommandLine parse_verb(CommandLine line, Words words, std::string_view argv0) {
  line.arguments = Arguments(line.verb->flags);
  const Scope scopes[] = {{line.verb->flags, &line.arguments}, {global_flags(), &line.globals}};
  const Stop stop = line.verb->stop_at_first_argument ? Stop::kAfterFirst : Stop::kNever;
  Status status = parse_words(words, scopes, stop, line.arguments.positional());
  if (!status) {
    return failed(std::move(line), Action::kBadFlag, std::move(status).error());
  }
  if (line.globals.flag("help")) {
    line.action = Action::kVerbHelp;
    return line;
  }
  if (auto error = check_count(*line.verb, line.arguments.positional().size(), argv0)) {
    return failed(std::move(line), Action::kBadCount, *std::move(error));
  }
  line.action = Action::kRunVerb;
  return line;
}

}  // namespace

CommandLine parse_command_line(Words words, std::string_view argv0) {
  CommandLine line{.action = Action::kRootHelp,
                   .verb = nullptr,
                   .unknown_name = {},
                   .error = {},
                   .globals = Arguments(global_flags()),
                   .arguments = Arguments({})};
  Arguments root_only(root_only_flags());
  const Scope scopes[] = {{global_flags(), &line.globals}, {root_only_flags(), &root_only}};
  std::vector<std::string> rest;
  Status status = parse_words(words, scopes, Stop::kBeforeFirst, rest);
  if (!status) {
    return failed(std::move(line), Action::kBadFlag, std::move(status).error());
  }
  if (line.globals.flag("help") || (rest.empty() && !root_only.flag("version"))) {
    return line;
  }
  if (root_only.flag("version")) {
    line.action = Action::kVersion;
    return line;
  }
  const Words tail = words.subspan(words.size() - rest.size() + 1);
  if (rest[0] == "help" || rest[0] == "h") {
    return parse_help(std::move(line), tail);
  }
  line.verb = find_verb(rest[0]);
  if (line.verb == nullptr) {
    return unknown_verb(std::move(line), rest[0]);
  }
  return parse_verb(std::move(line), tail, argv0);
}

}  // namespace redoubt::cli
