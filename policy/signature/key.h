// Ed25519 keys of those who sign profiles, and their text forms, one line each:
//
//   ed25519:BASE64          the 32 bytes of a public key; in NAME.pub and in node.signedBy
//   ed25519-secret:BASE64   the 32 bytes of a seed; in NAME.key, which nobody else may read
//
// BASE64 is that of RFC 4648 with padding, and only its canonical spelling: a key has one text.
// A key's id is the first 8 bytes of the SHA-256 of the public key, in hexadecimal: it finds a key,
// and proves nothing.
#ifndef REDOUBT_POLICY_SIGNATURE_KEY_H_
#define REDOUBT_POLICY_SIGNATURE_KEY_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redoubt::policy {

inline constexpr size_t kMaxKeyFile = 256;  // bytes
inline constexpr size_t kKeyBytes = 32;
using KeyBytes = std::array<unsigned char, kKeyBytes>;

struct PublicKey {
  KeyBytes bytes{};
};

// Overwritten when it goes.
class SecretKey {
 public:
  explicit SecretKey(const KeyBytes& seed) : seed_(seed) {}
  SecretKey(SecretKey&& other) noexcept;
  SecretKey& operator=(SecretKey&&) = delete;
  ~SecretKey();

  PublicKey public_key() const;
  const KeyBytes& seed() const { return seed_; }

 private:
  KeyBytes seed_;
};

std::string key_id(const PublicKey& key);

// With no newline.
std::string to_text(const PublicKey& key);
std::string to_text(const SecretKey& key);

// Of a file's text or of a value; a newline may follow. `source` names it in errors, which never
// show any of the text.
Result<PublicKey> parse_public_key(std::string_view text, std::string_view source);
Result<SecretKey> parse_secret_key(std::string_view text, std::string_view source);

// For copies of a secret that the program had to make.
void wipe(std::string& text);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_SIGNATURE_KEY_H_
