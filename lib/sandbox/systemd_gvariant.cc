// A reader for the part of GVariant's text format that unit properties are made of: one scalar or
// one array of scalars, with an optional type ("uint64 5", "@at [1, 2]"). Without one, integers are
// 32-bit and fractions double, as everywhere in D-Bus tools.
#include <charconv>
#include <limits>
#include <optional>

#include "base/str.h"
#include "sandbox/systemd_properties.h"

namespace redoubt::sandbox {
namespace {

constexpr size_t kMaxItems = 1024;

struct TypeName {
  std::string_view name;
  char code;
};
constexpr TypeName kTypeNames[] = {
    {"boolean", 'b'},
    {"byte", 'y'},
    {"double", 'd'},
    {"int16", 'n'},
    {"int32", 'i'},
    {"int64", 'x'},
    {"string", 's'},
    {"uint16", 'q'},
    {"objectpath", 'o'},
    {"signature", 'g'},
    {"uint32", 'u'},
    {"uint64", 't'},
};

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '-' || c == '.';
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<UnitValue> read() {
    UnitValue value;
    skip_blanks();
    TRY(read_type(value));
    skip_blanks();
    if (take('[')) {
      value.shape = UnitValue::Shape::kArray;
      TRY(read_items(value));
    } else if (value.shape == UnitValue::Shape::kArray) {
      return wrong("an array starts with '['");
    } else {
      TRY(read_item(value));
    }
    skip_blanks();
    if (at_ != text_.size()) {
      return wrong("text after the end of the value");
    }
    if (type_ == 0 && value.items.empty()) {
      return wrong("an empty array needs a type: @as []");
    }
    value.element = type_;
    return value;
  }

 private:
  Error wrong(std::string_view what) const {
    return Error::invalid(concat("GVariant text ", quote(text_), ", offset ", at_, ": ", what));
  }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) {
      ++at_;
    }
  }
  bool take(char c) {
    if (at_ < text_.size() && text_[at_] == c) {
      ++at_;
      return true;
    }
    return false;
  }
  std::string_view take_word() {
    const size_t start = at_;
    while (at_ < text_.size() && is_word_character(text_[at_])) {
      ++at_;
    }
    return text_.substr(start, at_ - start);
  }

  // "uint64 " or "@t " or "@as "; nothing: the first item decides.
  Status read_type(UnitValue& value) {
    if (take('@')) {
      std::string_view signature = take_word();
      if (!signature.empty() && signature.front() == 'a') {
        value.shape = UnitValue::Shape::kArray;
        signature.remove_prefix(1);
      }
      if (signature.size() != 1 ||
          std::string_view("bynqiuxtdsog").find(signature[0]) == std::string_view::npos) {
        return wrong("only scalars and arrays of scalars can be properties here");
      }
      type_ = signature[0];
      return {};
    }
    const size_t start = at_;
    const std::string_view word = take_word();
    for (const TypeName& type : kTypeNames) {
      if (type.name == word) {
        type_ = type.code;
        return {};
      }
    }
    at_ = start;
    return {};
  }

  Status read_items(UnitValue& value) {
    skip_blanks();
    if (take(']')) {
      return {};
    }
    do {
      skip_blanks();
      TRY(read_item(value));
      skip_blanks();
      if (value.items.size() > kMaxItems) {
        return wrong("too many items");
      }
    } while (take(','));
    return take(']') ? Status() : wrong("expected ',' or ']'");
  }

  Status read_item(UnitValue& value) {
    if (type_ == 0) {
      TRY(read_type(value));  // "[uint64 1, 2]": the first item may name the type of all
      skip_blanks();
    }
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) {
      TRY_ASSIGN(std::string text, read_string());
      return add(value, 's', UnitScalar(std::move(text)));
    }
    const std::string_view word = take_word();
    if (word.empty()) {
      return wrong("expected a value");
    }
    if (word == "true" || word == "false") {
      return add(value, 'b', UnitScalar(word == "true"));
    }
    return read_number(word, value);
  }

  Status read_number(std::string_view word, UnitValue& value) {
    const bool hexadecimal = word.starts_with("0x");
    const bool fraction = !hexadecimal && word.find_first_of(".eE") != std::string_view::npos;
    if (type_ == 0) {
      type_ = fraction ? 'd' : 'i';
    }
    const std::string_view digits = hexadecimal ? word.substr(2) : word;
    std::optional<UnitScalar> number = convert(digits, hexadecimal ? 16 : 10);
    return number ? add(value, type_, *std::move(number))
                  : wrong(concat(quote(word), " does not fit the type ", type_));
  }

  template <typename T>
  static std::optional<UnitScalar> integer(std::string_view digits, int base) {
    const std::optional<T> parsed = parse_number<T>(digits, base);
    return parsed ? std::optional<UnitScalar>(*parsed) : std::nullopt;
  }

  std::optional<UnitScalar> convert(std::string_view digits, int base) const {
    switch (type_) {
      case 'y':
        return integer<uint8_t>(digits, base);
      case 'n':
        return integer<int16_t>(digits, base);
      case 'q':
        return integer<uint16_t>(digits, base);
      case 'i':
        return integer<int32_t>(digits, base);
      case 'u':
        return integer<uint32_t>(digits, base);
      case 'x':
        return integer<int64_t>(digits, base);
      case 't':
        return integer<uint64_t>(digits, base);
      case 'd':
        break;
      default:
        return std::nullopt;
    }
    double parsed = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed);
    const bool whole = ec == std::errc() && end == digits.data() + digits.size();
    return whole ? std::optional<UnitScalar>(parsed) : std::nullopt;
  }

  // All items of an array have one type. Text may also be an object path or a signature.
  Status add(UnitValue& value, char code, UnitScalar scalar) {
    const bool textual = code == 's' && (type_ == 'o' || type_ == 'g');
    if (type_ == 0) {
      type_ = code;
    } else if (type_ != code && !textual) {
      return wrong(concat("a value of type ", code, " where ", type_, " is expected"));
    }
    value.items.push_back(std::move(scalar));
    return {};
  }

  Result<std::string> read_string() {
    const char end = text_[at_++];
    std::string out;
    while (at_ < text_.size() && text_[at_] != end) {
      char c = text_[at_++];
      if (c == '\\') {
        if (at_ == text_.size()) {
          break;
        }
        TRY_ASSIGN(c, unescape(text_[at_++]));
      }
      out += c;
    }
    if (!take(end)) {
      return wrong("the string does not end");
    }
    return out;
  }

  Result<char> unescape(char c) const {
    constexpr std::string_view kLetters = "abfnrtv";
    constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v";
    if (const size_t i = kLetters.find(c); i != std::string_view::npos) {
      return kMeanings[i];
    }
    if (c == 'u' || c == 'U') {
      return wrong("write the character itself instead of a \\u escape");
    }
    return c;
  }

  std::string_view text_;
  size_t at_ = 0;
  char type_ = 0;
};

// Microseconds; nothing when it is no number or does not fit.
std::optional<uint64_t> to_microseconds(const UnitScalar& scalar) {
  constexpr uint64_t kPerSecond = 1'000'000;
  if (const double* seconds = std::get_if<double>(&scalar)) {
    const double microseconds = *seconds * static_cast<double>(kPerSecond);
    const bool fits = microseconds >= 0 &&
                      microseconds < static_cast<double>(std::numeric_limits<uint64_t>::max());
    return fits ? std::optional(static_cast<uint64_t>(microseconds)) : std::nullopt;
  }
  std::optional<uint64_t> whole;
  std::visit(
      [&](const auto& number) {
        using T = std::decay_t<decltype(number)>;
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
          if (number >= 0) {
            whole = static_cast<uint64_t>(number);
          }
        }
      },
      scalar);
  if (!whole || *whole > std::numeric_limits<uint64_t>::max() / kPerSecond) {
    return std::nullopt;
  }
  return *whole * kPerSecond;
}

}  // namespace

Result<UnitValue> parse_gvariant(std::string_view text) {
  return Reader(text).read();
}

Result<UnitProperty> annotation_property(const std::string& name, const std::string& text) {
  const std::string annotation = concat("annotation org.systemd.property.", name);
  TRY_ASSIGN(UnitValue value,
             parse_gvariant(text).context(concat(annotation, " value parse error")));
  constexpr std::string_view kSeconds = "Sec";
  // "TimeoutStopSec" but not "TimeoutStopUSec", which systemd has already.
  const bool seconds = name.size() > kSeconds.size() && name.ends_with(kSeconds) &&
                       name[name.size() - kSeconds.size() - 1] >= 'a' &&
                       name[name.size() - kSeconds.size() - 1] <= 'z';
  if (!seconds) {
    return UnitProperty{name, std::move(value)};
  }
  const bool scalar = value.shape == UnitValue::Shape::kScalar;
  const std::optional<uint64_t> microseconds =
      scalar ? to_microseconds(value.items[0]) : std::nullopt;
  if (!microseconds) {
    return Error::invalid(
        concat(annotation, "=", text, " value parse error: not a number of seconds"));
  }
  return UnitProperty{concat(name.substr(0, name.size() - kSeconds.size()), "USec"),
                      unit_value(*microseconds)};
}

}  // namespace redoubt::sandbox
