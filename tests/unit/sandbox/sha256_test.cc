#include "sandbox/sha256.h"

#include <gtest/gtest.h>

namespace redoubt::sandbox {
namespace {

// FIPS 180-4's examples.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256(std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotDependOnThePieces) {
  const std::string text(300, 'x');
  for (const size_t size : {1U, 63U, 64U, 65U, 128U, 299U}) {
    Sha256 sum;
    for (size_t at = 0; at < text.size(); at += size) {
      sum.update(std::string_view(text).substr(at, size));
    }
    EXPECT_EQ(sum.finish(), sha256(text)) << size;
  }
}

}  // namespace
}  // namespace redoubt::sandbox
