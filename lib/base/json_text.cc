#include "base/json_text.h"

#include <algorithm>
#include <cctype>

#include "base/str.h"

namespace redoubt::json {
namespace {

constexpr size_t kShownBytes = 64;

}  // namespace

std::string shown(std::string_view text) {
  return text.size() <= kShownBytes ? quote(text)
                                    : concat(quote(text.substr(0, kShownBytes)), "...");
}

void append_step(std::string& path, std::string_view key) {
  const bool plain =
      !key.empty() && key.size() <= kShownBytes &&
      std::all_of(key.begin(), key.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
  if (!plain) {
    path += concat("[", shown(key), "]");
  } else {
    path += path.empty() ? "" : ".";
    path += key;
  }
}

Error error_at(std::string_view name, std::string_view text, size_t offset, std::string_view what) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t line_start = before.rfind('\n');
  const size_t column =
      line_start == std::string_view::npos ? before.size() + 1 : before.size() - line_start;
  return Error::invalid(concat(name, ":", line, ":", column, ": ", what));
}

std::string lexical_reason(std::string_view detail) {
  struct Entry {
    std::string_view mark;
    std::string_view words;
  };
  static constexpr Entry kReasons[] = {
      {"surrogate", "not valid UTF-8: lone surrogate in an escape"},
      {"hex digits", "\\u must be followed by four hexadecimal digits"},
      {"after backslash", "unknown escape in a string"},
      {"must be escaped", "control character in a string must be escaped"},
      {"expected digit", "number: a digit is missing"},
      {"overflow", "number out of range"},
  };
  for (const Entry& entry : kReasons) {
    if (detail.find(entry.mark) != std::string_view::npos) {
      return std::string(entry.words);
    }
  }
  return {};
}

size_t last_token(std::string_view read) {
  const auto in_word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '+' ||
           c == 'E';
  };
  size_t start = read.size() - 1;
  if (read[start] == '"') {
    do {
      start = read.find_last_of('"', start - 1);
    } while (start != std::string_view::npos && start > 0 && read[start - 1] == '\\');
    return start == std::string_view::npos ? 0 : start;
  }
  while (start > 0 && in_word(read[start]) && in_word(read[start - 1])) {
    --start;
  }
  return start;
}

}  // namespace redoubt::json
