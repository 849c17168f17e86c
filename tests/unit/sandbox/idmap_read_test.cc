#include "sandbox/idmap_read.h"

#include <gtest/gtest.h>

#include "sandbox/idmap.h"

namespace redoubt::sandbox {
namespace {

TEST(ParseIdMap, ReadsTheKernelsColumnsInOrder) {
  const auto map = parse_id_map("      1000     500000      65536\n         0       1000          1\n");
  ASSERT_TRUE(map.has_value()) << map.error().message();
  EXPECT_EQ(id_map_text(*map), "0 1000 1\n1000 500000 65536\n");
  EXPECT_TRUE(parse_id_map("")->empty());
}

TEST(ParseIdMap, RefusesWhatTheKernelNeverWrites) {
  for (const char* text : {"0 1", "0 1 2 3", "a b c", "0 1 4294967296", "-1 0 1"}) {
    EXPECT_FALSE(parse_id_map(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace redoubt::sandbox
