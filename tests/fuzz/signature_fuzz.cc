// The files of keys and signatures. What is read is the one spelling of what it means, a refusal shows
// nothing of a secret, and no text is the signature of a profile that was not signed.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "expect.h"
#include "policy/signature/signature.h"

namespace redoubt {
namespace {

std::string_view without_newline(std::string_view text) {
  return text.ends_with('\n') ? text.substr(0, text.size() - 1) : text;
}

void expect_keys(std::string_view text) {
  const Result<policy::PublicKey> shown = policy::parse_public_key(text, "fuzz.pub");
  if (shown) {
    expect(policy::to_text(*shown) == without_newline(text), "a public key has one spelling", text);
    expect(policy::key_id(*shown).size() == 16, "a key has an id");
  } else {
    expect_message(shown.error().message());
    expect(shown.error().message().size() < 200, "nothing of the text is shown");
  }
  const Result<policy::SecretKey> secret = policy::parse_secret_key(text, "fuzz.key");
  if (secret) {
    expect(policy::to_text(*secret) == without_newline(text), "a secret key has one spelling", text);
    const policy::Signature own = policy::sign_profile("profile", *secret);
    expect(policy::verifies("profile", own, secret->public_key()), "what a key signs, it verifies");
  } else {
    expect_message(secret.error().message());
    expect(secret.error().message().size() < 200, "nothing of the text is shown");
  }
  expect(!shown || !secret, "no text is both keys", text);
}

void expect_signature(std::string_view text) {
  static const policy::SecretKey key{policy::KeyBytes{}};
  static const policy::PublicKey shown = key.public_key();
  static const std::string good = policy::to_text(policy::sign_profile("profile", key));
  const Result<policy::Signature> signature = policy::parse_signature(text, "fuzz.sig");
  if (!signature) {
    expect_message(signature.error().message());
    return;
  }
  expect(policy::to_text(*signature) == without_newline(text), "a signature has one spelling", text);
  const bool is_good = policy::to_text({policy::key_id(shown), signature->bytes}) == good;
  expect(policy::verifies("profile", *signature, shown) == is_good, "only the signature verifies", text);
}

}  // namespace
}  // namespace redoubt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  redoubt::expect_keys(text);
  redoubt::expect_signature(text);
  return 0;
}
