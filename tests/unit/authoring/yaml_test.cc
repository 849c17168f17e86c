#include "policy/authoring/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::policy {
namespace {

using ::testing::HasSubstr;

std::string compact(std::string_view text) {
  const Result<json::Value> read = parse_yaml(text, "p.yaml");
  return read ? json::dump(*read) : "error: " + read.error().message();
}

TEST(Yaml, ReadsWhatJsonCanSay) {
  EXPECT_EQ(compact("a: 1\nb: [x, \"2\", -3, true, null, ~]\nc: {d: |\n    two\n    lines\n  }\n").substr(0, 6), "error:");
  EXPECT_EQ(compact("a: 1\nb: [x, \"2\", -3, true, null, ~]\nc:\n  d: |\n    two\n    lines\n"),
            R"({"a":1,"b":["x","2",-3,true,null,null],"c":{"d":"two\nlines\n"}})");
  EXPECT_EQ(compact("---\n- 1.5\n- 'no'\n"), R"(["1.5","no"])");
}

TEST(Yaml, RefusesWhatReadersUnderstandDifferently) {
  EXPECT_THAT(compact("a: &x 1\nb: *x\n"), HasSubstr("p.yaml:2: an alias"));
  EXPECT_THAT(compact("a: no\n"), HasSubstr("quote it"));
  EXPECT_THAT(compact("a: 0777\n"), HasSubstr("quote it"));
  EXPECT_THAT(compact("a: 1\na: 2\n"), HasSubstr("p.yaml:2: duplicate key \"a\""));
  EXPECT_THAT(compact("a: !!binary x\n"), HasSubstr("a tag"));
  EXPECT_THAT(compact("a: 1\n---\nb: 2\n"), HasSubstr("a second document"));
  EXPECT_THAT(compact("? [a]\n: 1\n"), HasSubstr("a key that is no text"));
  EXPECT_THAT(compact(""), HasSubstr("is empty"));
  EXPECT_THAT(compact("# nothing"), HasSubstr("holds no document"));
  EXPECT_THAT(compact("a: [1"), HasSubstr("is no YAML"));
}

TEST(Yaml, IsBounded) {
  EXPECT_THAT(compact(std::string(80, '[')), HasSubstr("nested deeper than 64"));
  json::Limits limits;
  limits.max_values = 3;
  EXPECT_FALSE(parse_yaml("[1, 2, 3]", "p", limits));
  limits.max_bytes = 4;
  EXPECT_FALSE(parse_yaml("[1, 2]", "p", limits));
}

}  // namespace
}  // namespace redoubt::policy
