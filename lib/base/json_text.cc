#include "base/json_text.h"

#include <algorithm>
#include <cctype>

#include "base/str.h"

namespace redoubt::json {
namespace {

constexpr size_t kShownBytes = 64;
constexpr std::string_view kEscapeCharacters = "\\u0123456789abcdefABCDEF";

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ';
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '+';
}

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

std::string_view lexical_reason(rapidjson::ParseErrorCode code, char c) {
  switch (code) {
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
      return kLoneSurrogate;
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
      return "\\u must be followed by four hexadecimal digits";
    case rapidjson::kParseErrorStringEscapeInvalid:
    case rapidjson::kParseErrorStringInvalidEncoding:
      return is_control(c) ? "control character in a string must be escaped"
                           : "unknown escape in a string";
    case rapidjson::kParseErrorNumberMissFraction:
    case rapidjson::kParseErrorNumberMissExponent:
      return "number: a digit is missing";
    case rapidjson::kParseErrorNumberTooBig:
      return "number out of range";
    default:
      return {};
  }
}

bool is_cut_at(std::string_view text, size_t offset) {
  // An escape is refused as a whole, at its start.
  const bool is_escape = offset < text.size() && text[offset] == '\\';
  return is_escape ? text.find_first_not_of(kEscapeCharacters, offset) == std::string_view::npos
                   : offset >= text.size();
}

std::string_view token_around(std::string_view text, size_t offset) {
  size_t start = offset, end = offset + 1;
  while (start > 0 && is_word(text[start]) && is_word(text[start - 1])) {
    --start;
  }
  while (end < text.size() && is_word(text[end - 1]) && is_word(text[end])) {
    ++end;
  }
  return text.substr(start, end - start);
}

}  // namespace redoubt::json
