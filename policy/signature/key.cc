#include "policy/signature/key.h"

#include "base/str.h"
#include "policy/signature/encoding.h"

namespace redoubt::policy {
namespace {

constexpr std::string_view kPublicWord = "ed25519:";
constexpr std::string_view kSecretWord = "ed25519-secret:";
constexpr size_t kIdBytes = 8;

std::optional<KeyBytes> bytes_behind(std::string_view word, std::string_view text) {
  const std::string_view line = line_of(text);
  return line.starts_with(word) ? decode<kKeyBytes>(line.substr(word.size())) : std::nullopt;
}

}  // namespace

SecretKey::SecretKey(SecretKey&& other) noexcept : seed_(other.seed_) {
  ::sodium_memzero(other.seed_.data(), kKeyBytes);
}

SecretKey::~SecretKey() {
  ::sodium_memzero(seed_.data(), kKeyBytes);
}

PublicKey SecretKey::public_key() const {
  start_library();
  PublicKey key;
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> expanded{};
  ::crypto_sign_seed_keypair(key.bytes.data(), expanded.data(), seed_.data());
  ::sodium_memzero(expanded.data(), expanded.size());
  return key;
}

std::string key_id(const PublicKey& key) {
  start_library();
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  ::crypto_hash_sha256(digest.data(), key.bytes.data(), kKeyBytes);
  std::array<char, 2 * kIdBytes + 1> text{};
  return ::sodium_bin2hex(text.data(), text.size(), digest.data(), kIdBytes);
}

std::string to_text(const PublicKey& key) {
  return concat(kPublicWord, encode(key.bytes));
}

std::string to_text(const SecretKey& key) {
  return concat(kSecretWord, encode(key.seed()));
}

Result<PublicKey> parse_public_key(std::string_view text, std::string_view source) {
  const std::optional<KeyBytes> bytes = bytes_behind(kPublicWord, text);
  if (!bytes) {
    const char* hint = text.starts_with(kSecretWord) ? " (it is a secret one: give the .pub file)" : "";
    return Error::invalid(concat(source, ": is no public key", hint, "; one line of \"ed25519:\" and 32 bytes in base64 is"));
  }
  return PublicKey{*bytes};
}

Result<SecretKey> parse_secret_key(std::string_view text, std::string_view source) {
  std::optional<KeyBytes> seed = bytes_behind(kSecretWord, text);
  if (!seed) {
    const char* hint = text.starts_with(kPublicWord) ? " (it is a public one: give the .key file)" : "";
    return Error::invalid(concat(source, ": is no secret key", hint, "; redoubt profile keygen makes one"));
  }
  SecretKey key(*seed);
  ::sodium_memzero(seed->data(), kKeyBytes);
  return key;
}

void wipe(std::string& text) {
  ::sodium_memzero(text.data(), text.size());
  text.clear();
}

}  // namespace redoubt::policy
