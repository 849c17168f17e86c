#include "runc-compat/cli/byte_size.h"

#include <gtest/gtest.h>

namespace redoubt::cli {
namespace {

TEST(ParseByteSize, KnowsBinarySuffixes) {
  struct Row {
    const char* text;
    int64_t bytes;
  };
  const Row table[] = {
      {"0", 0},
      {"-1", -1},
      {"67108864", 67108864},
      {"32M", 33554432},
      {"32m", 33554432},
      {"32MB", 33554432},
      {"32MiB", 33554432},
      {"1.5g", 1610612736},
      {"1 k", 1024},
      {"10b", 10},
      {"10B", 10},
      {"1t", 1099511627776},
      {"1p", 1125899906842624},
      {".5k", 512},
  };
  for (const Row& row : table) {
    const Result<int64_t> bytes = parse_byte_size(row.text);
    ASSERT_TRUE(bytes.has_value()) << row.text;
    EXPECT_EQ(*bytes, row.bytes) << row.text;
  }
}

TEST(ParseByteSize, RefusesTheRest) {
  for (const char* text :
       {"", "M", "abc", "-2", "-1M", "1e3k", "1..5k", "9999999999999p", "nan", "0x10"}) {
    EXPECT_FALSE(parse_byte_size(text).has_value()) << text;
  }
  EXPECT_EQ(parse_byte_size("M").error().message(), "invalid size: 'M'");
  EXPECT_EQ(parse_byte_size("32X").error().message(), "invalid suffix: 'x'");
  EXPECT_EQ(parse_byte_size("32MBB").error().message(), "invalid suffix: 'mbb'");
  EXPECT_EQ(parse_byte_size("1bb").error().message(), "invalid suffix: 'bb'");
}

}  // namespace
}  // namespace redoubt::cli
