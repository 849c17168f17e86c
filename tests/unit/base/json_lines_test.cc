#include "base/json_lines.h"

#include <gtest/gtest.h>

namespace redoubt::json {
namespace {

TEST(Lines, AreThoseThatValuesStartOn) {
  const char* text = "{\n \"a\\\"b\": [1,\n  {\"c\" : \"x:\\n\"}\n ],\n\n \"d\": true, \"e\": null}";
  const Result<Value> root = parse(text, "t");
  ASSERT_TRUE(root.has_value()) << root.error().message();
  const Lines lines(text, *root);
  const Value& list = *root->find("a\"b");
  EXPECT_EQ(lines.of(*root), 1U);
  EXPECT_EQ(lines.of(list), 2U);
  EXPECT_EQ(lines.of(list.as_array()[0]), 2U);
  EXPECT_EQ(lines.of(list.as_array()[1]), 3U);
  EXPECT_EQ(lines.of(*list.as_array()[1].find("c")), 3U);
  EXPECT_EQ(lines.of(*root->find("d")), 6U);
  EXPECT_EQ(lines.of(*root->find("e")), 6U);
}

}  // namespace
}  // namespace redoubt::json
