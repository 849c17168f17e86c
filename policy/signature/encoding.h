// The bytes behind a word in a line of a key's or a signature's file: base64, of one length, in one
// spelling. Used by key.cc and signature.cc only.
#ifndef REDOUBT_POLICY_SIGNATURE_ENCODING_H_
#define REDOUBT_POLICY_SIGNATURE_ENCODING_H_

#include <sodium.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace redoubt::policy {

// libsodium wants this before anything else. Its result says whether there are random numbers, of
// which nothing here uses any.
inline void start_library() {
  static const int started = ::sodium_init();
  static_cast<void>(started);
}

template <size_t kSize>
std::string encode(const std::array<unsigned char, kSize>& bytes) {
  std::string text(sodium_base64_ENCODED_LEN(kSize, sodium_base64_VARIANT_ORIGINAL), '\0');
  ::sodium_bin2base64(text.data(), text.size(), bytes.data(), kSize, sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the NUL
  return text;
}

// Nothing unless the text is exactly what encode() makes of so many bytes. libsodium refuses a length
// that does not fit and bits that mean nothing, but takes some bytes beyond ASCII for letters: hence the
// second look.
template <size_t kSize>
std::optional<std::array<unsigned char, kSize>> decode(std::string_view text) {
  std::array<unsigned char, kSize> bytes{};
  size_t size = 0;
  if (::sodium_base642bin(bytes.data(),
                          kSize,
                          text.data(),
                          text.size(),
                          nullptr,
                          &size,
                          nullptr,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
      size != kSize || encode(bytes) != text) {
    return std::nullopt;
  }
  return bytes;
}

// The text without the one newline that may end it.
inline std::string_view line_of(std::string_view text) {
  return text.ends_with('\n') ? text.substr(0, text.size() - 1) : text;
}

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_SIGNATURE_ENCODING_H_
