// Bytes as hexadecimal text: nonce and entropy, MAC addresses.
#ifndef REDOUBT_ESCALATE_VM_PROTOCOL_HEX_H_
#define REDOUBT_ESCALATE_VM_PROTOCOL_HEX_H_

#include <string>
#include <string_view>

namespace redoubt::vm {

// "0a1b2c"; with a separator "0a:1b:2c".
inline std::string to_hex(std::string_view bytes, std::string_view separator = {}) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char each : bytes) {
    text += text.empty() ? std::string_view() : separator;
    text += kDigits[static_cast<unsigned char>(each) >> 4];
    text += kDigits[each & 15];
  }
  return text;
}

inline std::string mac_text(std::string_view bytes) {
  return to_hex(bytes, ":");
}

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_PROTOCOL_HEX_H_
