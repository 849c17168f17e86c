#include "runc-compat/cli/byte_size.h"

#include <charconv>
#include <optional>
#include <string>

#include "base/str.h"

namespace redoubt::cli {
namespace {

constexpr std::string_view kMultipliers = "kmgtp";

// 1, 1024, ... for "", "b", "k", "kb", "kib" and so on; nothing for anything else.
std::optional<double> multiplier_of(std::string_view suffix) {
  if (suffix.empty() || suffix == "b") {
    return 1;
  }
  const size_t power = kMultipliers.find(suffix.front());
  const std::string_view rest = suffix.substr(1);
  if (power == std::string_view::npos || (!rest.empty() && rest != "b" && rest != "ib")) {
    return std::nullopt;
  }
  return static_cast<double>(uint64_t{1} << (10 * (power + 1)));
}

}  // namespace

Result<int64_t> parse_byte_size(std::string_view text) {
  if (text == "-1") {
    return int64_t{-1};
  }
  const Error invalid_size = Error::invalid(concat("invalid size: '", text, "'"));
  const size_t number_end = text.find_last_of("0123456789.");
  if (number_end == std::string_view::npos) {
    return invalid_size;
  }
  const std::string_view number = text.substr(0, number_end + 1);
  std::string_view suffix = text.substr(number_end + 1);
  if (suffix.substr(0, 1) == " ") {  // one blank may separate the two
    suffix.remove_prefix(1);
  }
  double value = 0;
  const auto [end, ec] = std::from_chars(
      number.data(), number.data() + number.size(), value, std::chars_format::fixed);
  if (ec != std::errc() || end != number.data() + number.size() || !(value >= 0)) {
    return invalid_size;
  }
  const std::string lower = to_lower(suffix);
  const std::optional<double> multiplier = multiplier_of(lower);
  if (!multiplier) {
    return Error::invalid(concat("invalid suffix: '", lower, "'"));
  }
  const double bytes = value * *multiplier;
  if (bytes >= 9223372036854775808.0) {  // 2^63
    return invalid_size;
  }
  return static_cast<int64_t>(bytes);
}

}  // namespace redoubt::cli
