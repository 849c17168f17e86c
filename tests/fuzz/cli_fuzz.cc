// The command line: no argv may crash the parser; what it accepts can be spelled out in full and
// means the same again; what it refuses gives log records that are one line, valid JSON and free of
// terminal controls.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/log_format.h"
#include "base/str.h"
#include "runc-compat/cli/command_line.h"
#include "runc-compat/cli/global_flags.h"
#include "tests/fuzz/expect.h"

namespace redoubt::cli {
namespace {

void spell_flag(std::vector<std::string>& words, const Arguments& values, const Flag& flag) {
  const std::string start = concat("--", flag.name, "=");
  switch (flag.kind) {
    case FlagKind::kBool:
      words.push_back(start + (values.flag(flag.name) ? "true" : "false"));
      break;
    case FlagKind::kString:
      words.push_back(start + values.text(flag.name));
      break;
    case FlagKind::kInt:
      words.push_back(concat(start, values.number(flag.name)));
      break;
    case FlagKind::kUint:
      words.push_back(concat(start, values.unsigned_number(flag.name)));
      break;
    case FlagKind::kDuration:
      words.push_back(concat(start, values.number(flag.name), "ns"));
      break;
    case FlagKind::kStringList:
      for (const std::string& value : values.list(flag.name)) {
        words.push_back(start + value);
      }
      break;
  }
}

void spell_flags(std::vector<std::string>& words,
                 const Arguments& values,
                 std::span<const Flag> flags) {
  for (const Flag& flag : flags) {
    if (values.is_set(flag.name)) {
      spell_flag(words, values, flag);
    }
  }
}

std::vector<std::string> spell(const CommandLine& line) {
  std::vector<std::string> words;
  spell_flags(words, line.globals, global_flags());
  words.emplace_back(line.verb->name);
  spell_flags(words, line.arguments, line.verb->flags);
  words.emplace_back("--");
  const std::vector<std::string>& positional = line.arguments.positional();
  words.insert(words.end(), positional.begin(), positional.end());
  return words;
}

CommandLine parse_words(const std::vector<std::string>& words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  return parse_command_line(views, "redoubt");
}

bool has_control(std::string_view text, std::string_view allowed) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 || byte == 0x7f) && allowed.find(c) == std::string_view::npos) {
      return true;
    }
  }
  return false;
}

void expect_records(std::string_view message) {
  using log::Level;
  const std::string text = log::format_text({Level::kError, message, 0});
  expect(!has_control(std::string_view(text).substr(0, text.size() - 1), ""), "one line", text);
  expect(!has_control(log::printable(message), "\n\t"), "nothing steers the terminal", message);
  const std::string record = log::format_json({Level::kError, message, 0});
  expect(json::parse(std::string_view(record).substr(0, record.size() - 1), "log").has_value(),
         "the record is JSON",
         record);
}

// A newline ends a word, and so does NUL, which no argument can hold.
std::vector<std::string> words_in(std::string_view input) {
  std::string text(input);
  std::replace(text.begin(), text.end(), '\0', '\n');
  return split(text, '\n');
}

void check(std::string_view input) {
  const CommandLine line = parse_words(words_in(input));
  if (line.error) {
    expect_records(line.error->message());
  }
  if (line.action == Action::kUnknownVerb) {
    expect_records(line.unknown_name);
  }
  if (line.action != Action::kRunVerb) {
    return;
  }
  const std::vector<std::string> full = spell(line);
  const CommandLine again = parse_words(full);
  expect(again.action == Action::kRunVerb && again.verb == line.verb, "the same verb", input);
  expect(spell(again) == full, "the same meaning", input);
}

}  // namespace
}  // namespace redoubt::cli

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  redoubt::cli::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
