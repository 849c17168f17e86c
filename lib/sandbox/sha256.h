// SHA-256 (FIPS 180-4), for the names and checks of cached programs and for the files of a guest image.
// Own code because the alternatives cost more than they give: AF_ALG needs a socket and is a kernel
// option, libcrypto is a large library to map at every start. Not for secrets: no attempt at constant
// time is made or needed.
#ifndef REDOUBT_SANDBOX_SHA256_H_
#define REDOUBT_SANDBOX_SHA256_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace redoubt::sandbox {

using Sha256Digest = std::array<uint8_t, 32>;

// Of a text that comes in pieces.
class Sha256 {
 public:
  void update(std::string_view piece);
  Sha256Digest finish();  // once

 private:
  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::string rest_;  // less than a block
  uint64_t total_ = 0;
};

Sha256Digest sha256(std::string_view text);

// 64 lower-case hexadecimal digits.
std::string to_hex(const Sha256Digest& digest);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SHA256_H_
