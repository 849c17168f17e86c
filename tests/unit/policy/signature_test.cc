// The text forms of keys and signatures, and what a signature holds on to.
#include "policy/signature/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str.h"
#include "keys.h"

namespace redoubt::policy {
namespace {

using testing::HasSubstr;
using testing::Not;

// RFC 8032, section 7.1, test 1: the key pair is the one of the standard.
TEST(SecretKey, HasThePublicKeyOfTheStandard) {
  const Result<SecretKey> key = parse_secret_key("ed25519-secret:nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\n", "t");
  ASSERT_TRUE(key.has_value()) << key.error().message();
  EXPECT_EQ(to_text(key->public_key()), "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
}

TEST(Key, IsReadAsItIsWritten) {
  const SecretKey key = key_of(7);
  const PublicKey shown = key.public_key();
  const Result<PublicKey> again = parse_public_key(to_text(shown), "t");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->bytes, shown.bytes);
  EXPECT_EQ(key_id(*again).size(), 16U);
  EXPECT_NE(key_id(*again), key_id(key_of(8).public_key()));
  const Result<SecretKey> secret = parse_secret_key(to_text(key), "t");
  ASSERT_TRUE(secret.has_value());
  EXPECT_EQ(secret->seed(), key.seed());
}

TEST(Key, HasOneSpelling) {
  const std::string good = to_text(key_of(7).public_key());
  ASSERT_TRUE(parse_public_key(concat(good, "\n"), "t").has_value());
  std::string other_bits = good;
  other_bits[good.size() - 2] = static_cast<char>(good[good.size() - 2] + 1);  // bits behind the last byte
  for (const std::string& bad : {concat(good, "\n\n"), concat(good, " "), concat(" ", good), good.substr(0, good.size() - 1),
                                 concat(good, "="), concat(good, good), other_bits, std::string(), std::string("ed25519:"),
                                 concat("ED25519:", good.substr(8)), concat(good, std::string(1, '\0'))}) {
    EXPECT_FALSE(parse_public_key(bad, "t").has_value()) << quote(bad);
  }
}

TEST(Key, IsNotTakenForTheOtherOneAndNeverShown) {
  const SecretKey key = key_of(7);
  const std::string secret = to_text(key);
  const Result<PublicKey> wrong = parse_public_key(secret, "node.key");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_THAT(wrong.error().message(), HasSubstr("it is a secret one"));
  EXPECT_THAT(wrong.error().message(), Not(HasSubstr(secret.substr(secret.find(':') + 1))));
  EXPECT_FALSE(parse_secret_key(to_text(key.public_key()), "node.pub").has_value());
}

TEST(Signature, HoldsForTheseBytesAndThisKeyOnly) {
  const SecretKey key = key_of(1);
  const std::string profile = "{\"name\":\"web\"}\n";
  const Signature signature = sign_profile(profile, key);
  EXPECT_TRUE(verifies(profile, signature, key.public_key()));
  EXPECT_FALSE(verifies(profile, signature, key_of(2).public_key()));
  EXPECT_FALSE(verifies("", signature, key.public_key()));
  for (size_t i = 0; i < profile.size(); ++i) {
    std::string changed = profile;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(verifies(changed, signature, key.public_key())) << i;
  }
  for (size_t i = 0; i < kSignatureBytes; ++i) {
    Signature changed = signature;
    changed.bytes[i] ^= 0x80;
    EXPECT_FALSE(verifies(profile, changed, key.public_key())) << i;
  }
}

// A signature by the same key of the bare bytes, as other programs make it, is none of a profile.
TEST(Signature, IsOfAProfileAndOfNothingElse) {
  const SecretKey key = key_of(1);
  const Signature of_rest = sign_profile("web", key);
  EXPECT_FALSE(verifies(concat(kSignedPrefix, "web"), of_rest, key.public_key()));
  EXPECT_NE(sign_profile("", key).bytes, of_rest.bytes);
}

TEST(Signature, IsReadAsItIsWritten) {
  const Signature signature = sign_profile("web", key_of(1));
  const Result<Signature> again = parse_signature(concat(to_text(signature), "\n"), "t");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->key_id, signature.key_id);
  EXPECT_EQ(again->bytes, signature.bytes);
}

TEST(Signature, IsRefusedWhenCutOrLonger) {
  const std::string text = to_text(sign_profile("web", key_of(1)));
  ASSERT_LT(text.size(), kMaxSignatureFile);
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(parse_signature(text.substr(0, size), "t").has_value()) << size;
  }
  EXPECT_FALSE(parse_signature(concat(text, "A"), "t").has_value());
  EXPECT_FALSE(parse_signature(concat(text, "\n", text), "t").has_value());
}

TEST(Signature, HasNoLettersBeyondAscii) {
  const std::string text = to_text(sign_profile("web", key_of(1)));
  for (int byte = 0x80; byte < 0x100; ++byte) {
    std::string bad = text;
    bad[text.size() - 8] = static_cast<char>(byte);
    EXPECT_FALSE(parse_signature(bad, "t").has_value()) << byte;
  }
}

}  // namespace
}  // namespace redoubt::policy
