#include "runc-compat/cli/go_values.h"

#include <cctype>
#include <limits>
#include <string>

#include "base/str.h"

namespace redoubt::cli {
namespace {

Error syntax_error(std::string_view function, std::string_view text) {
  return Error::invalid(
      concat("strconv.", function, ": parsing ", quote(text), ": invalid syntax"));
}

Error range_error(std::string_view function, std::string_view text) {
  return Error::invalid(
      concat("strconv.", function, ": parsing ", quote(text), ": value out of range"));
}

// Takes the base prefix off `digits`. "0" alone stays a decimal zero.
int take_base(std::string_view& digits) {
  if (digits.size() < 2 || digits[0] != '0') {
    return 10;
  }
  const int letter = std::tolower(static_cast<unsigned char>(digits[1]));
  const int base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
  digits.remove_prefix(letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1);
  return base;
}

int digit_value(char c) {
  const auto letter = static_cast<unsigned char>(c);
  if (std::isdigit(letter) != 0) {
    return c - '0';
  }
  return std::isalpha(letter) != 0 ? std::tolower(letter) - 'a' + 10 : 99;
}

enum class Parsed { kOk, kSyntax, kRange };

Parsed parse_magnitude(std::string_view digits, uint64_t& value) {
  const auto base = static_cast<uint64_t>(take_base(digits));
  if (digits.empty() || digits.back() == '_') {
    return Parsed::kSyntax;
  }
  bool overflow = false;
  value = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (digits[i] == '_' && base != 10 && i + 1 < digits.size() && digits[i + 1] != '_') {
      continue;
    }
    const auto digit = static_cast<uint64_t>(digit_value(digits[i]));
    if (digit >= base) {
      return Parsed::kSyntax;
    }
    overflow = overflow || __builtin_mul_overflow(value, base, &value) ||
               __builtin_add_overflow(value, digit, &value);
  }
  return overflow ? Parsed::kRange : Parsed::kOk;
}

struct Unit {
  std::string_view name;
  uint64_t nanoseconds;
};

constexpr Unit kUnits[] = {
    {"ns", 1},
    {"us", 1000},
    {"\xc2\xb5s", 1000},  // U+00B5 micro sign
    {"\xce\xbcs", 1000},  // U+03BC Greek letter mu
    {"ms", 1000000},
    {"s", 1000000000},
    {"m", 60000000000},
    {"h", 3600000000000},
};

const Unit* find_unit(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) {
      return &unit;
    }
  }
  return nullptr;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// One "1.5h" off the front of `rest`, added to `total`. False: not a duration, or too long.
bool take_component(std::string_view& rest, uint64_t& total) {
  uint64_t whole = 0;
  uint64_t fraction = 0;
  uint64_t scale = 1;
  bool seen_digit = false;
  bool overflow = false;
  size_t i = 0;
  for (; i < rest.size() && is_digit(rest[i]); ++i, seen_digit = true) {
    overflow = overflow || __builtin_mul_overflow(whole, uint64_t{10}, &whole) ||
               __builtin_add_overflow(whole, static_cast<uint64_t>(rest[i] - '0'), &whole);
  }
  if (i < rest.size() && rest[i] == '.') {
    for (++i; i < rest.size() && is_digit(rest[i]); ++i, seen_digit = true) {
      if (scale < 1000000000000000) {  // further digits are below a nanosecond even in hours
        fraction = fraction * 10 + static_cast<uint64_t>(rest[i] - '0');
        scale *= 10;
      }
    }
  }
  const size_t unit_start = i;
  while (i < rest.size() && rest[i] != '.' && !is_digit(rest[i])) {
    ++i;
  }
  const Unit* unit = find_unit(rest.substr(unit_start, i - unit_start));
  rest.remove_prefix(i);
  if (!seen_digit || unit == nullptr || overflow ||
      __builtin_mul_overflow(whole, unit->nanoseconds, &whole)) {
    return false;
  }
  const long double part =
      static_cast<long double>(fraction) *
      (static_cast<long double>(unit->nanoseconds) / static_cast<long double>(scale));
  return !__builtin_add_overflow(whole, static_cast<uint64_t>(part), &whole) &&
         !__builtin_add_overflow(total, whole, &total);
}

}  // namespace

Result<bool> parse_go_bool(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) {
      return true;
    }
  }
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) {
      return false;
    }
  }
  return syntax_error("ParseBool", text);
}

Result<int64_t> parse_go_int(std::string_view text) {
  std::string_view digits = text;
  const bool negative = !digits.empty() && digits.front() == '-';
  if (negative || (!digits.empty() && digits.front() == '+')) {
    digits.remove_prefix(1);
  }
  uint64_t magnitude = 0;
  const Parsed parsed = parse_magnitude(digits, magnitude);
  if (parsed == Parsed::kSyntax) {
    return syntax_error("ParseInt", text);
  }
  const uint64_t limit =
      static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) + (negative ? 1 : 0);
  if (parsed == Parsed::kRange || magnitude > limit) {
    return range_error("ParseInt", text);
  }
  return static_cast<int64_t>(negative ? uint64_t{0} - magnitude : magnitude);
}

Result<uint64_t> parse_go_uint(std::string_view text) {
  uint64_t value = 0;
  const Parsed parsed = parse_magnitude(text, value);
  if (parsed == Parsed::kSyntax) {
    return syntax_error("ParseUint", text);
  }
  if (parsed == Parsed::kRange) {
    return range_error("ParseUint", text);
  }
  return value;
}

Result<int64_t> parse_go_duration(std::string_view text) {
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (negative || (!rest.empty() && rest.front() == '+')) {
    rest.remove_prefix(1);
  }
  if (rest == "0") {
    return int64_t{0};
  }
  const Error invalid = Error::invalid(concat("time: invalid duration ", quote(text)));
  if (rest.empty()) {
    return invalid;
  }
  uint64_t total = 0;
  while (!rest.empty()) {
    if (!take_component(rest, total)) {
      return invalid;
    }
  }
  if (total > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return invalid;
  }
  const auto value = static_cast<int64_t>(total);
  return negative ? -value : value;
}

}  // namespace redoubt::cli
