#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/systemd_properties.h"

namespace redoubt::sandbox {
namespace {

using ::testing::HasSubstr;

UnitValue scalar(char element, UnitScalar value) {
  return {UnitValue::Shape::kScalar, element, {std::move(value)}, {}};
}
UnitValue array(char element, std::vector<UnitScalar> items) {
  return {UnitValue::Shape::kArray, element, std::move(items), {}};
}

struct GvariantCase {
  const char* text;
  UnitValue expected;
};

class ParseGvariant : public ::testing::TestWithParam<GvariantCase> {};

TEST_P(ParseGvariant, ReadsScalarsAndArrays) {
  auto value = parse_gvariant(GetParam().text);
  ASSERT_TRUE(value) << value.error().message();
  EXPECT_EQ(*value, GetParam().expected) << GetParam().text << " is " << signature_of(*value);
}

INSTANTIATE_TEST_SUITE_P(
    Texts,
    ParseGvariant,
    ::testing::Values(GvariantCase{"true", scalar('b', true)},
                      GvariantCase{" false ", scalar('b', false)},
                      GvariantCase{"boolean true", scalar('b', true)},
                      GvariantCase{"5", scalar('i', int32_t{5})},
                      GvariantCase{"-5", scalar('i', int32_t{-5})},
                      GvariantCase{"1.5", scalar('d', 1.5)},
                      GvariantCase{"uint64 18446744073709551615", scalar('t', UINT64_MAX)},
                      GvariantCase{"int64 -9", scalar('x', int64_t{-9})},
                      GvariantCase{"byte 0xff", scalar('y', uint8_t{255})},
                      GvariantCase{"@t 5", scalar('t', uint64_t{5})},
                      GvariantCase{"'inactive-or-failed'",
                                   scalar('s', std::string("inactive-or-failed"))},
                      GvariantCase{"\"it's\"", scalar('s', std::string("it's"))},
                      GvariantCase{R"('a\'b\n\\')", scalar('s', std::string("a'b\n\\"))},
                      GvariantCase{"objectpath '/a/b'", scalar('o', std::string("/a/b"))},
                      GvariantCase{"['a', 'b']", array('s', {std::string("a"), std::string("b")})},
                      GvariantCase{"[1,2]", array('i', {int32_t{1}, int32_t{2}})},
                      GvariantCase{"[uint64 1, 2]", array('t', {uint64_t{1}, uint64_t{2}})},
                      GvariantCase{"@as []", array('s', {})},
                      GvariantCase{"@at [7]", array('t', {uint64_t{7}})}));

TEST(ParseGvariantErrors, RefusesEverythingElse) {
  for (const char* text :
       {"",         " ",          "tru",        "5 6", "'open",     "'a\\",     "[",
        "[1",       "[1,",        "[1,]",       "[]",  "[1,'a']",   "[1, 2.5]", "uint64 -1",
        "byte 256", "5000000000", "uint64 'x'", "@",   "@a{sv} {}", "@as 'x'",  "('a', 1)",
        "{'a': 1}", "<5>",        "0x",         "+",   "'a' 'b'"}) {
    auto value = parse_gvariant(text);
    EXPECT_FALSE(value) << text;
  }
  EXPECT_THAT(parse_gvariant("uint64 'x'").error().message(), HasSubstr("offset"));
}

TEST(AnnotationProperty, KeepsNamesAndTypes) {
  EXPECT_EQ(*annotation_property("CollectMode", "'inactive-or-failed'"),
            (UnitProperty{"CollectMode", scalar('s', std::string("inactive-or-failed"))}));
  EXPECT_EQ(*annotation_property("TimeoutStopUSec", "uint64 5"),
            (UnitProperty{"TimeoutStopUSec", scalar('t', uint64_t{5})}));
}

TEST(AnnotationProperty, SecondsBecomeMicroseconds) {
  const UnitProperty seven = {"TimeoutStopUSec", scalar('t', uint64_t{7'000'000})};
  EXPECT_EQ(*annotation_property("TimeoutStopSec", "7"), seven);
  EXPECT_EQ(*annotation_property("TimeoutStopSec", "uint64 7"), seven);
  EXPECT_EQ(*annotation_property("TimeoutStopSec", "7.0"), seven);
  EXPECT_EQ(*annotation_property("TimeoutStopSec", "0.5"),
            (UnitProperty{"TimeoutStopUSec", scalar('t', uint64_t{500'000})}));
}

TEST(AnnotationProperty, RefusesSecondsThatAreNone) {
  for (const char* text : {"'7'", "true", "-1", "-0.5", "[7]", "uint64 18446744073709551615"}) {
    auto property = annotation_property("TimeoutStopSec", text);
    ASSERT_FALSE(property) << text;
    EXPECT_THAT(property.error().message(),
                HasSubstr("annotation org.systemd.property.TimeoutStopSec"));
    EXPECT_THAT(property.error().message(), HasSubstr("value parse error"));
  }
}

}  // namespace
}  // namespace redoubt::sandbox
