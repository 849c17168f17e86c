// SHA-256 (FIPS 180-4) of a short text, for the names and checks of cached programs. Own code
// because the alternatives cost more than they give: AF_ALG needs a socket and is a kernel option,
// libcrypto is a large library to map at every start. Not for secrets: no attempt at constant time
// is made or needed.
#ifndef REDOUBT_SANDBOX_SHA256_H_
#define REDOUBT_SANDBOX_SHA256_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace redoubt::sandbox {

using Sha256Digest = std::array<uint8_t, 32>;

Sha256Digest sha256(std::string_view text);

// 64 lower-case hexadecimal digits.
std::string to_hex(const Sha256Digest& digest);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SHA256_H_
