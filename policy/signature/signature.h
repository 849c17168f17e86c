// A detached signature of a profile: one line beside it, in PROFILE.json.sig.
//
//   ed25519-signature:KEYID:BASE64
//
// It is Ed25519 (RFC 8032) over kSignedPrefix and then the bytes of the file as they are. The prefix
// keeps a signature of something else by the same key from being one of a profile. KEYID only says
// which key to try: whoever verifies brings the key.
#ifndef REDOUBT_POLICY_SIGNATURE_SIGNATURE_H_
#define REDOUBT_POLICY_SIGNATURE_SIGNATURE_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/signature/key.h"

namespace redoubt::policy {

inline constexpr std::string_view kSignedPrefix = "redoubt.io/v1 signed profile\n";
inline constexpr std::string_view kSignatureSuffix = ".sig";
inline constexpr size_t kMaxSignatureFile = 256;  // bytes
inline constexpr size_t kSignatureBytes = 64;

struct Signature {
  std::string key_id;
  std::array<unsigned char, kSignatureBytes> bytes{};
};

// With no newline.
std::string to_text(const Signature& signature);
// A newline may follow. `source` names the file in errors.
Result<Signature> parse_signature(std::string_view text, std::string_view source);

Signature sign_profile(std::string_view profile, const SecretKey& key);
bool verifies(std::string_view profile, const Signature& signature, const PublicKey& key);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_SIGNATURE_SIGNATURE_H_
