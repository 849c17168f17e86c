#include "policy/document/memory_size.h"

#include <gtest/gtest.h>

namespace redoubt::policy {
namespace {

TEST(MemorySize, HasOneSpellingAndIsReadBack) {
  EXPECT_EQ(parse_memory_size("1Mi"), uint64_t{1} << 20);
  EXPECT_EQ(parse_memory_size("512Mi"), uint64_t{512} << 20);
  EXPECT_EQ(parse_memory_size("2Gi"), uint64_t{2} << 30);
  EXPECT_EQ(parse_memory_size("9999999Gi"), uint64_t{9999999} << 30);
  for (const char* text : {"512Mi", "1Gi", "1025Mi", "9999999Gi"}) {
    EXPECT_EQ(memory_size_text(*parse_memory_size(text)), text);
  }
  EXPECT_EQ(memory_size_text(uint64_t{2048} << 20), "2Gi");
}

TEST(MemorySize, IsNothingElse) {
  for (const char* text : {"", "Mi", "Gi", "0Mi", "00512Mi", "-1Mi", "+1Gi", "1e9", "1e3Mi", "0x10Mi", "1.5Gi", "512", "512M", "512MiB", "512mi", "512 Mi", " 512Mi",
                           "512Mi ", "512Mi\n", "2Ti", "10000000Gi", "18446744073709551617Mi", "1Mi2Gi", "\xef\xbc\x91Gi"}) {
    EXPECT_FALSE(parse_memory_size(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace redoubt::policy
