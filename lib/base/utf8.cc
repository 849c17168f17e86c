#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

namespace redoubt {
namespace {

// What RFC 3629 section 4 allows after a lead byte: the total length and the range of the second
// byte.
struct Lead {
  size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
};

Lead classify(unsigned char lead) {
  if (lead < 0x80) {
    return {1};
  }
  if (lead >= 0xc2 && lead <= 0xdf) {
    return {2};
  }
  if (lead >= 0xe0 && lead <= 0xef) {
    return {3,
            static_cast<unsigned char>(lead == 0xe0 ? 0xa0 : 0x80),
            static_cast<unsigned char>(lead == 0xed ? 0x9f : 0xbf)};
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    return {4,
            static_cast<unsigned char>(lead == 0xf0 ? 0x90 : 0x80),
            static_cast<unsigned char>(lead == 0xf4 ? 0x8f : 0xbf)};
  }
  return {};
}

// Whether eight bytes from `at` on are there and ASCII, as nearly all text is.
bool is_ascii8(std::string_view text, size_t at) {
  uint64_t word = 0;
  if (text.size() - at < sizeof word) {
    return false;
  }
  memcpy(&word, text.data() + at, sizeof word);
  return (word & 0x8080808080808080) == 0;
}

}  // namespace

size_t utf8_sequence_length(std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  const Lead lead = classify(static_cast<unsigned char>(text[0]));
  if (lead.length == 0 || lead.length > text.size()) {
    return 0;
  }
  for (size_t i = 1; i < lead.length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool fits = i == 1 ? byte >= lead.low && byte <= lead.high : (byte & 0xc0U) == 0x80;
    if (!fits) {
      return 0;
    }
  }
  return lead.length;
}

size_t find_invalid_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (is_ascii8(text, i)) {
      i += 8;
      continue;
    }
    const size_t length = utf8_sequence_length(text.substr(i));
    if (length == 0) {
      return i;
    }
    i += length;
  }
  return std::string_view::npos;
}

}  // namespace redoubt
