#include "base/duration.h"

#include <limits>
#include <optional>

#include "base/str.h"

namespace redoubt {
namespace {

// The largest magnitude is that of the smallest int64_t, so sums are kept unsigned.
constexpr uint64_t kLimit = uint64_t{1} << 63;

struct Unit {
  std::string_view name;
  uint64_t nanoseconds;
};

constexpr Unit kUnits[] = {
    {"ns", 1},
    {"us", 1000},
    {"\xc2\xb5s", 1000},  // micro sign
    {"\xce\xbcs", 1000},  // Greek mu
    {"ms", 1000000},
    {"s", 1000000000},
    {"m", 60000000000},
    {"h", 3600000000000},
};

std::optional<uint64_t> find_unit(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) {
      return unit.nanoseconds;
    }
  }
  return std::nullopt;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Removes the leading digits of `text` and returns them.
std::string_view take_digits(std::string_view& text) {
  size_t count = 0;
  while (count < text.size() && is_digit(text[count])) {
    ++count;
  }
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

// 0.DIGITS of a unit, rounded down; digits beyond what fits add nothing.
uint64_t fraction_of(std::string_view digits, uint64_t unit) {
  uint64_t value = 0;
  uint64_t scale = 1;
  for (const char c : digits) {
    if (scale > kLimit / 10 || value > (kLimit - 1) / 10) {
      break;
    }
    value = value * 10 + static_cast<uint64_t>(c - '0');
    scale *= 10;
  }
  return static_cast<uint64_t>(static_cast<long double>(value) * static_cast<long double>(unit) /
                               static_cast<long double>(scale));
}

Error invalid(std::string_view whole) {
  return Error::invalid(concat("time: invalid duration ", quote(whole)));
}

// One "1.5h" off the front of `rest`.
Result<uint64_t> take_part(std::string_view& rest, std::string_view whole) {
  const std::string_view digits = take_digits(rest);
  std::string_view decimals;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    decimals = take_digits(rest);
  }
  if (digits.empty() && decimals.empty()) {
    return invalid(whole);
  }
  size_t end = 0;
  while (end < rest.size() && rest[end] != '.' && !is_digit(rest[end])) {
    ++end;
  }
  if (end == 0) {
    return Error::invalid(concat("time: missing unit in duration ", quote(whole)));
  }
  const std::optional<uint64_t> unit = find_unit(rest.substr(0, end));
  if (!unit) {
    return Error::invalid(
        concat("time: unknown unit ", quote(rest.substr(0, end)), " in duration ", quote(whole)));
  }
  rest.remove_prefix(end);
  const uint64_t count = digits.empty() ? 0 : parse_number<uint64_t>(digits).value_or(kLimit);
  if (count > kLimit / *unit) {
    return invalid(whole);
  }
  return count * *unit + fraction_of(decimals, *unit);
}

// "1.5" of `value` / `unit`, without trailing zeros.
std::string decimal(uint64_t value, uint64_t unit) {
  std::string out = concat(value / unit);
  std::string fraction = concat(value % unit + unit).substr(1);  // with leading zeros
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fraction.empty() ? out : concat(out, ".", fraction);
}

}  // namespace

Result<int64_t> parse_duration(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) {
    rest.remove_prefix(1);
  }
  if (rest == "0") {
    return 0;
  }
  if (rest.empty()) {
    return invalid(text);
  }
  uint64_t total = 0;
  while (!rest.empty()) {
    TRY_ASSIGN(const uint64_t part, take_part(rest, text));
    total += part;
    if (part > kLimit || total > kLimit) {
      return invalid(text);
    }
  }
  if (negative) {
    return static_cast<int64_t>(0 - total);
  }
  if (total == kLimit) {
    return invalid(text);
  }
  return static_cast<int64_t>(total);
}

std::string format_duration(int64_t nanoseconds) {
  constexpr uint64_t kSecond = 1000000000;
  const bool negative = nanoseconds < 0;
  const uint64_t value =
      negative ? 0 - static_cast<uint64_t>(nanoseconds) : static_cast<uint64_t>(nanoseconds);
  const std::string sign = negative ? "-" : "";
  if (value == 0) {
    return "0s";
  }
  if (value < 1000) {
    return concat(sign, value, "ns");
  }
  if (value < 1000000) {
    return concat(sign, decimal(value, 1000), "\xc2\xb5s");
  }
  if (value < kSecond) {
    return concat(sign, decimal(value, 1000000), "ms");
  }
  const uint64_t minutes = value / kSecond / 60;
  const std::string seconds = decimal(value % (60 * kSecond), kSecond) + "s";
  if (minutes == 0) {
    return sign + seconds;
  }
  const std::string tail = concat(minutes % 60, "m", seconds);
  return minutes < 60 ? sign + tail : concat(sign, minutes / 60, "h", tail);
}

}  // namespace redoubt
