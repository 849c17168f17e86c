// Small text helpers: concat, Go-style quoting, splitting and strict number parsing. No locale, no streams.
#ifndef REDOUBT_BASE_STR_H_
#define REDOUBT_BASE_STR_H_

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redoubt {

inline void append_to(std::string& out, std::string_view part) { out.append(part); }
inline void append_to(std::string& out, char part) { out.push_back(part); }
template <std::integral T>
  requires(!std::same_as<T, char> && !std::same_as<T, bool>)
void append_to(std::string& out, T part) {
  char buffer[24];
  auto [end, ec] = std::to_chars(buffer, buffer + sizeof buffer, part);
  out.append(buffer, end);
}

// concat("a ", 3, 'b') == "a 3b".
template <typename... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (append_to(out, parts), ...);
  return out;
}

// Go's %q: double quotes, escapes for quotes, backslash and everything that is not printable. Terminal escapes from hostile
// strings never reach a log unescaped.
std::string quote(std::string_view text);
// The same without the quotes, for text that is shown where no quotes are wanted; quotes in it stay as they are.
std::string printable(std::string_view text);

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);

// The whole text must be one decimal number that fits T; otherwise nothing. No sign '+', no blanks.
template <std::integral T>
std::optional<T> parse_number(std::string_view text, int base = 10) {
  T value{};
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || ec != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace redoubt

#endif  // REDOUBT_BASE_STR_H_
