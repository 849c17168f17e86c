#include "base/str.h"

#include <cctype>

#include "base/utf8.h"

namespace redoubt {
namespace {

void append_hex(std::string& out, unsigned char c) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\x";
  out += kDigits[c >> 4];
  out += kDigits[c & 15];
}

// Characters beyond ASCII that steer a terminal or hide text: C1 controls, direction marks, zero-width and line separators.
bool is_deceptive(uint32_t c) {
  return c < 0xa0 || c == 0xad || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
         (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

// One valid UTF-8 sequence of two to four bytes, as it is or as Go's \uNNNN.
void append_character(std::string& out, std::string_view sequence) {
  uint32_t c = static_cast<unsigned char>(sequence[0]) & (0xffU >> (sequence.size() + 1));
  for (const char byte : sequence.substr(1)) {
    c = (c << 6) | (static_cast<unsigned char>(byte) & 0x3f);
  }
  if (!is_deceptive(c)) {
    out.append(sequence);
    return;
  }
  constexpr char kDigits[] = "0123456789abcdef";
  out += c > 0xffff ? "\\U" : "\\u";
  for (int shift = c > 0xffff ? 28 : 12; shift >= 0; shift -= 4) {
    out += kDigits[(c >> shift) & 15];
  }
}

void append_printable(std::string& out, std::string_view text, bool escapes_quotes) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = utf8_sequence_length(text.substr(i));
    const char c = text[i];
    if (length > 1) {
      append_character(out, text.substr(i, length));
    } else if ((c == '"' && escapes_quotes) || c == '\\') {
      out += '\\';
      out += c;
    } else if (c >= '\a' && c <= '\r') {
      out += '\\';
      out += "abtnvfr"[c - '\a'];
    } else if (length == 0 || std::iscntrl(static_cast<unsigned char>(c)) != 0) {
      append_hex(out, static_cast<unsigned char>(c));
    } else {
      out += c;
    }
    i += length == 0 ? 1 : length;
  }
}

}  // namespace

std::string quote(std::string_view text) {
  std::string out = "\"";
  append_printable(out, text, true);
  return out + '"';
}

std::string printable(std::string_view text) {
  std::string out;
  append_printable(out, text, false);
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  size_t start = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || text[i] == separator) {
      parts.emplace_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  return parts;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) {
      out += separator;
    }
    out += parts[i];
  }
  return out;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t start = text.find_first_not_of(kBlank);
  if (start == std::string_view::npos) {
    return {};
  }
  return text.substr(start, text.find_last_not_of(kBlank) - start + 1);
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

std::string to_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return out;
}

}  // namespace redoubt
