#include "base/json.h"

#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str.h"

namespace redoubt::json {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

std::string error_of(std::string_view text, const Limits& limits = {}) {
  Result<Value> value = parse(text, "config.json", limits);
  return value ? std::string("accepted") : value.error().message();
}

std::string round_trip(std::string_view text) {
  Result<Value> value = parse(text, "t");
  return value ? dump(*value) : value.error().message();
}

TEST(JsonParse, KeepsTheKindOfNumbers) {
  Result<Value> value =
      parse("[0, -1, 9223372036854775807, 18446744073709551615, 18446744073709551616, 1.0]", "t");
  ASSERT_TRUE(value);
  const Array& items = value->as_array();
  EXPECT_EQ(items[0].as_int(), 0);
  EXPECT_EQ(items[1].as_int(), -1);
  EXPECT_EQ(items[2].as_int(), INT64_MAX);
  EXPECT_EQ(items[3].as_uint(), UINT64_MAX);
  EXPECT_EQ(items[4].type(), Value::Type::kDouble);
  EXPECT_EQ(items[5].type(), Value::Type::kDouble);
}

TEST(JsonParse, KeepsDocumentOrder) {
  EXPECT_EQ(round_trip(R"({"z":1,"a":[{"y":null},true],"m":{}})"),
            R"({"z":1,"a":[{"y":null},true],"m":{}})");
}

struct BadCase {
  const char* name;
  std::string text;
  const char* wanted;
};

TEST(JsonParse, SaysWhatIsWrongAndWhere) {
  const BadCase cases[] = {
      {"empty", "", "config.json: empty document"},
      {"blank", " \n\t ", "config.json: empty document"},
      {"cut", "{\"a\":\n [1,", "config.json:2:5: unexpected end"},
      {"cut in string", "{\"a", "config.json:1:4: unexpected end"},
      {"cut in literal", "[tru", "config.json:1:5: unexpected end"},
      {"cut in number", "[-", "config.json:1:3: unexpected end"},
      {"second document", "{} {}", "config.json:1:4: data after end of document"},
      {"stray brace", "{}\n}", "config.json:2:1: data after end of document"},
      {"byte order mark", "\xef\xbb\xbf{}", "not valid UTF-8 at byte 0"},
      {"UTF-16", std::string("\xff\xfe{\0}\0", 6), "this is UTF-16"},
      {"invalid UTF-8", "{\"a\":\"x\xc3(\"}", "not valid UTF-8 at byte 7"},
      {"overlong UTF-8", "[\"\xc0\xaf\"]", "not valid UTF-8 at byte 2"},
      {"encoded surrogate", "[\"\xed\xa0\x80\"]", "not valid UTF-8 at byte 2"},
      {"lone surrogate", "[\"\\ud800\"]", "not valid UTF-8: lone surrogate"},
      {"low surrogate first", "[\"\\udc00\"]", "not valid UTF-8: lone surrogate"},
      {"raw NUL", std::string("{}\0x", 4), "config.json:1:3: NUL byte"},
      {"NUL escape", R"({"process":{"args":["a","b\u0000"]}})", "process.args[1]: contains NUL"},
      {"NUL in key", R"({"process":{"a\u0000":1}})", "contains NUL"},
      {"duplicate", R"({"a":1,"a":2})", "config.json:1:8: duplicate key \"a\""},
      {"nested duplicate", R"({"p":[{"a":1,"a":2}]})", "duplicate key \"a\" in p[0]"},
      {"comma", "[1,]", "config.json:1:4: unexpected \"]\""},
      {"comment", "[1 /* */]", "unexpected \"/\""},
      {"single quotes", "['a']", "unexpected"},
      {"missing colon", R"({"a" 1})", "config.json:1:6: unexpected \"1\""},
      {"leading zero", "[01]", "unexpected \"01\""},
      {"plus", "[+1]", "unexpected"},
      {"infinite", "[1e309]", "[0]: number out of range"},
      {"infinite member", R"({"a":{"b":[1,1e309]}})", "a.b[1]: number out of range"},
      {"NaN", "[NaN]", "unexpected"},
      {"bad escape", R"(["\x"])", "unknown escape"},
      {"bad unicode escape", R"(["\u12g4"])", "four hexadecimal digits"},
      {"control character", "[\"a\nb\"]", "control character in a string must be escaped"},
  };
  for (const BadCase& c : cases) {
    EXPECT_THAT(error_of(c.text), HasSubstr(c.wanted)) << c.name;
  }
}

TEST(JsonParse, EveryPrefixOfADocumentIsAnError) {
  const std::string text =
      R"({"a":[1,-2.5e3,true,false,null,"x\u00e4\n"],"b":{"c":"\ud83d\ude00"},"d":"ü"})";
  ASSERT_EQ(error_of(text), "accepted");
  for (size_t i = 1; i < text.size(); ++i) {
    // Between the two bytes of the "ü" as well.
    EXPECT_THAT(error_of(text.substr(0, i)),
                AnyOf(HasSubstr("unexpected end"), HasSubstr("not valid UTF-8 at byte")))
        << i;
  }
}

TEST(JsonParse, HoldsItsLimits) {
  EXPECT_EQ(error_of(std::string(64, '[') + std::string(64, ']')), "accepted");
  EXPECT_THAT(error_of(std::string(65, '[')), HasSubstr("nesting deeper than 64"));
  EXPECT_THAT(error_of(std::string(100000, '[')), HasSubstr("nesting deeper than 64"));
  Limits limits;
  limits.max_bytes = 10;
  EXPECT_EQ(error_of("[1,2,3,4,5]", limits), "config.json: larger than 10 bytes");
  limits = {};
  limits.max_values = 4;
  EXPECT_EQ(error_of("[1,2,3]", limits), "accepted");
  EXPECT_THAT(error_of("[1,2,3,4]", limits), HasSubstr("more than 4 values"));
}

// Each would take an exact reader minutes that multiplied all digits.
TEST(JsonParse, TakesLongNumbersInNoTime) {
  const std::string digits(size_t{4} << 20, '7');
  EXPECT_THAT(error_of("[" + digits + "]"), HasSubstr("[0]: number out of range"));
  EXPECT_THAT(error_of("[1e99999999999999999999]"), HasSubstr("[0]: number out of range"));
  EXPECT_EQ(error_of("[0." + digits + "e-300]"), "accepted");
  EXPECT_EQ(error_of("[1." + digits + "]"), "accepted");
  EXPECT_EQ(error_of("[1e-99999999999999999999]"), "accepted");
}

TEST(JsonParse, FindsDuplicatesInLargeObjectsToo) {
  std::string text = "{";
  for (int i = 0; i < 2000; ++i) {
    text += concat("\"key", i, "\":", i, ",");
  }
  EXPECT_EQ(error_of(text + "\"last\":1}"), "accepted");
  EXPECT_THAT(error_of(text + "\"key1999\":1}"), HasSubstr("duplicate key \"key1999\""));
}

TEST(JsonParse, LetsKeysThatDifferInCasePass) {
  EXPECT_EQ(error_of(R"({"a":1,"A":2})"), "accepted");
}

TEST(SameButForCase, FoldsAsGoDoes) {
  EXPECT_TRUE(same_but_for_case("process", "PROCESS"));
  EXPECT_TRUE(same_but_for_case("masks", "MA\xc5\xbf\xe2\x84\xaaS"));
  EXPECT_FALSE(same_but_for_case("process", "proces"));
  EXPECT_FALSE(same_but_for_case("process", "processes"));
  EXPECT_FALSE(same_but_for_case("\xc3\xa4", "\xc3\x84"));
}

TEST(JsonParse, CutsLongTextInMessages) {
  const std::string key(100000, 'k');
  EXPECT_LT(error_of("{\"" + key + "\":1,\"" + key + "\":2}").size(), 300U);
}

// The expected texts are what Go's encoding/json writes.
TEST(JsonDump, WritesNumbersAsGo) {
  const std::pair<double, const char*> cases[] = {
      {0.0, "0"},
      {-0.0, "-0"},
      {1.0, "1"},
      {1.5, "1.5"},
      {100, "100"},
      {-12.25, "-12.25"},
      {0.000001, "0.000001"},
      {0.0000001, "1e-7"},
      {1.25e-10, "1.25e-10"},
      {1e20, "100000000000000000000"},
      {1e21, "1e+21"},
      {123456789012345678901.0, "123456789012345680000"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {5e-324, "5e-324"},
  };
  for (const auto& [value, text] : cases) {
    EXPECT_EQ(dump(Value(value)), text);
  }
  EXPECT_EQ(dump(Value(std::numeric_limits<uint64_t>::max())), "18446744073709551615");
  EXPECT_EQ(dump(Value(std::numeric_limits<int64_t>::min())), "-9223372036854775808");
}

TEST(JsonDump, EscapesStringsAsGo) {
  EXPECT_EQ(dump(Value("<a href=\"x\">&\\")), R"("\u003ca href=\"x\"\u003e\u0026\\")");
  EXPECT_EQ(dump(Value("\b\f\n\r\t\x01\x1f\x7f")), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
  EXPECT_EQ(dump(Value("\xe2\x80\xa8\xe2\x80\xa9\xc3\xa4")), "\"\\u2028\\u2029\xc3\xa4\"");
  EXPECT_EQ(dump(Value("a\xff\xc3")), R"("a\ufffd\ufffd")");
}

TEST(JsonDump, LaysOutAsGoIndent) {
  Value value;
  value.set("a", Value(Array{Value(1), Value("x")}))
      .set("e", Value(Object{}))
      .set("n", Value(Array{}));
  EXPECT_EQ(dump(value), R"({"a":[1,"x"],"e":{},"n":[]})");
  EXPECT_EQ(dump(value, Layout::kIndent2),
            "{\n  \"a\": [\n    1,\n    \"x\"\n  ],\n  \"e\": {},\n  \"n\": []\n}");
  EXPECT_EQ(dump(value, Layout::kTab),
            "{\n\t\"a\": [\n\t\t1,\n\t\t\"x\"\n\t],\n\t\"e\": {},\n\t\"n\": []\n}");
  EXPECT_THAT(dump(value, Layout::kIndent4), HasSubstr("\n        1,"));
}

TEST(JsonValue, NamesItsType) {
  EXPECT_EQ(Value().type_name(), "null");
  EXPECT_EQ(Value(true).type_name(), "bool");
  EXPECT_EQ(Value(1).type_name(), "integer");
  EXPECT_EQ(Value(1.5).type_name(), "number");
  EXPECT_EQ(Value("x").type_name(), "string");
  EXPECT_EQ(Value(Array{}).type_name(), "array");
  EXPECT_EQ(Value(Object{}).type_name(), "object");
}

TEST(JsonValue, StoresSmallUnsignedAsInt) {
  EXPECT_EQ(Value(uint64_t{7}).type(), Value::Type::kInt);
  EXPECT_EQ(Value(UINT64_MAX).type(), Value::Type::kUint);
}

TEST(JsonValue, FindLooksOnlyInObjects) {
  Value value;
  value.set("k", 1);
  ASSERT_NE(value.find("k"), nullptr);
  EXPECT_EQ(value.find("K"), nullptr);
  EXPECT_EQ(Value(3).find("k"), nullptr);
}

}  // namespace
}  // namespace redoubt::json
