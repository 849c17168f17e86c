// The JSON writer: byte for byte what Go's encoding/json writes with its default escaping, so that
// engines and tests which compare bytes see no difference.
#include <charconv>
#include <cmath>

#include "base/json.h"
#include "base/str.h"
#include "base/utf8.h"

namespace redoubt::json {
namespace {

void append_u_escape(std::string& out, unsigned code) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) {
    out += kDigits[(code >> shift) & 15U];
  }
}

// One byte below 0x80 that is not plain.
void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
    case '\\':
      out += '\\';
      out += c;
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      append_u_escape(out, static_cast<unsigned char>(c));
  }
}

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (size_t i = 0; i < text.size();) {
    const size_t begin = i;
    while (i < text.size() && is_plain(text[i])) {
      ++i;
    }
    out.append(text, begin, i - begin);
    if (i == text.size()) {
      break;
    }
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      append_ascii(out, text[i++]);
      continue;
    }
    const size_t length = utf8_sequence_length(text.substr(i));
    const std::string_view sequence = text.substr(i, length);
    if (length == 0) {
      out += "\\ufffd";
    } else if (sequence == "\xe2\x80\xa8") {
      out += "\\u2028";  // line and paragraph separators end a line in JavaScript
    } else if (sequence == "\xe2\x80\xa9") {
      out += "\\u2029";
    } else {
      out += sequence;
    }
    i += length == 0 ? 1 : length;
  }
  out += '"';
}

// Digits and decimal exponent of the shortest text that reads back as `v`: 1.5e+20 -> "15", 20.
struct Decimal {
  bool negative = false;
  std::string digits;
  int exponent = 0;
};

Decimal shortest_decimal(double v) {
  char buffer[40];
  const auto result =
      std::to_chars(buffer, buffer + sizeof buffer, v, std::chars_format::scientific);
  Decimal decimal;
  std::string_view text(buffer, static_cast<size_t>(result.ptr - buffer));
  if (text.front() == '-') {
    decimal.negative = true;
    text.remove_prefix(1);
  }
  const size_t e = text.find('e');
  for (const char c : text.substr(0, e)) {
    if (c != '.') {
      decimal.digits += c;
    }
  }
  text.remove_prefix(e + 1);
  if (text.front() == '+') {
    text.remove_prefix(1);
  }
  decimal.exponent = parse_number<int>(text).value_or(0);
  return decimal;
}

void append_fixed(std::string& out, const Decimal& decimal) {
  const int point = decimal.exponent + 1;  // digits before the decimal point
  const int count = static_cast<int>(decimal.digits.size());
  if (point <= 0) {
    out += "0.";
    out.append(static_cast<size_t>(-point), '0');
    out += decimal.digits;
  } else if (point >= count) {
    out += decimal.digits;
    out.append(static_cast<size_t>(point - count), '0');
  } else {
    out.append(decimal.digits, 0, static_cast<size_t>(point));
    out += '.';
    out.append(decimal.digits, static_cast<size_t>(point));
  }
}

// Plain digits between 1e-6 and 1e21, an exponent without a leading zero outside.
void append_double(std::string& out, double v) {
  if (!std::isfinite(v)) {
    out += "null";
    return;
  }
  const Decimal decimal = shortest_decimal(v);
  if (decimal.negative) {
    out += '-';
  }
  const double magnitude = std::fabs(v);
  if (magnitude == 0 || (magnitude >= 1e-6 && magnitude < 1e21)) {
    append_fixed(out, decimal);
    return;
  }
  out += decimal.digits[0];
  if (decimal.digits.size() > 1) {
    out += '.';
    out.append(decimal.digits, 1);
  }
  out += decimal.exponent < 0 ? "e-" : "e+";
  append_to(out, decimal.exponent < 0 ? -decimal.exponent : decimal.exponent);
}

class Writer {
 public:
  explicit Writer(Layout layout)
      : unit_(layout == Layout::kIndent2   ? "  "
              : layout == Layout::kIndent4 ? "    "
              : layout == Layout::kTab     ? "\t"
                                           : "") {}

  std::string take() && { return std::move(out_); }

  void write(const Value& value) {
    switch (value.type()) {
      case Value::Type::kNull:
        out_ += "null";
        break;
      case Value::Type::kBool:
        out_ += value.as_bool() ? "true" : "false";
        break;
      case Value::Type::kInt:
        append_to(out_, value.as_int());
        break;
      case Value::Type::kUint:
        append_to(out_, value.as_uint());
        break;
      case Value::Type::kDouble:
        append_double(out_, value.as_double());
        break;
      case Value::Type::kString:
        append_string(out_, value.as_string());
        break;
      case Value::Type::kArray:
        write_array(value.as_array());
        break;
      case Value::Type::kObject:
        write_object(value.as_object());
        break;
    }
  }

 private:
  void write_array(const Array& array) {
    if (array.empty()) {
      out_ += "[]";
      return;
    }
    out_ += '[';
    ++level_;
    for (size_t i = 0; i < array.size(); ++i) {
      next_item(i != 0);
      write(array[i]);
    }
    --level_;
    new_line();
    out_ += ']';
  }

  void write_object(const Object& object) {
    if (object.empty()) {
      out_ += "{}";
      return;
    }
    out_ += '{';
    ++level_;
    for (size_t i = 0; i < object.size(); ++i) {
      next_item(i != 0);
      append_string(out_, object[i].key);
      out_ += unit_.empty() ? ":" : ": ";
      write(object[i].value);
    }
    --level_;
    new_line();
    out_ += '}';
  }

  void next_item(bool comma) {
    if (comma) {
      out_ += ',';
    }
    new_line();
  }

  void new_line() {
    if (!unit_.empty()) {
      out_ += '\n';
      for (size_t i = 0; i < level_; ++i) {
        out_ += unit_;
      }
    }
  }

  std::string_view unit_;
  size_t level_ = 0;
  std::string out_;
};

}  // namespace

std::string dump(const Value& value, Layout layout) {
  Writer writer(layout);
  writer.write(value);
  return std::move(writer).take();
}

}  // namespace redoubt::json
