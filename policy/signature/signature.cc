#include "policy/signature/signature.h"

#include "base/str.h"
#include "policy/signature/encoding.h"

namespace redoubt::policy {
namespace {

constexpr std::string_view kSignatureWord = "ed25519-signature:";
constexpr size_t kIdDigits = 16;

std::string signed_bytes(std::string_view profile) {
  return concat(kSignedPrefix, profile);
}

const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<Signature> read_signature(std::string_view line) {
  if (!line.starts_with(kSignatureWord) || line.size() < kSignatureWord.size() + kIdDigits + 1) {
    return std::nullopt;
  }
  line.remove_prefix(kSignatureWord.size());
  const std::string_view id = line.substr(0, kIdDigits);
  const auto bytes = decode<kSignatureBytes>(line.substr(kIdDigits + 1));
  if (line[kIdDigits] != ':' || id.find_first_not_of("0123456789abcdef") != std::string_view::npos || !bytes) {
    return std::nullopt;
  }
  return Signature{std::string(id), *bytes};
}

}  // namespace

std::string to_text(const Signature& signature) {
  return concat(kSignatureWord, signature.key_id, ":", encode(signature.bytes));
}

Result<Signature> parse_signature(std::string_view text, std::string_view source) {
  std::optional<Signature> signature = read_signature(line_of(text));
  if (!signature) {
    return Error::invalid(concat(source, ": is no signature, or not all of one"));
  }
  return *std::move(signature);
}

Signature sign_profile(std::string_view profile, const SecretKey& key) {
  start_library();
  PublicKey own;
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> expanded{};
  ::crypto_sign_seed_keypair(own.bytes.data(), expanded.data(), key.seed().data());
  const std::string message = signed_bytes(profile);
  Signature signature{key_id(own), {}};
  ::crypto_sign_detached(
      signature.bytes.data(), nullptr, bytes_of(message), message.size(), expanded.data());
  ::sodium_memzero(expanded.data(), expanded.size());
  return signature;
}

bool verifies(std::string_view profile, const Signature& signature, const PublicKey& key) {
  start_library();
  const std::string message = signed_bytes(profile);
  return ::crypto_sign_verify_detached(
             signature.bytes.data(), bytes_of(message), message.size(), key.bytes.data()) == 0;
}

}  // namespace redoubt::policy
