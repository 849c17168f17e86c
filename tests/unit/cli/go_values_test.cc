#include "runc-compat/cli/go_values.h"

#include <string>

#include <gtest/gtest.h>

#include "base/str.h"

namespace redoubt::cli {
namespace {

template <typename T>
std::string text_of(const Result<T>& result) {
  return result ? concat(*result) : result.error().message();
}

struct Row {
  std::string_view text;
  std::string_view expected;
};

TEST(ParseGoBool, AcceptsExactlyGosSpellings) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    EXPECT_TRUE(*parse_go_bool(yes)) << yes;
  }
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    EXPECT_FALSE(*parse_go_bool(no)) << no;
  }
  for (const std::string_view bad : {"", "yes", "tRUE", "2", " true"}) {
    EXPECT_EQ(parse_go_bool(bad).error().message(),
              concat("strconv.ParseBool: parsing ", quote(bad), ": invalid syntax"));
  }
}

TEST(ParseGoInt, ReadsAllBasesAndNamesTheFault) {
  constexpr Row kRows[] = {
      {"0", "0"},
      {"-0", "0"},
      {"+5", "5"},
      {"0x1F", "31"},
      {"0b101", "5"},
      {"0o17", "15"},
      {"017", "15"},
      {"0x1_000", "4096"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"9223372036854775808",
       "strconv.ParseInt: parsing \"9223372036854775808\": value out of range"},
      {"99999999999999999999999",
       "strconv.ParseInt: parsing \"99999999999999999999999\": value out of range"},
      {"", "strconv.ParseInt: parsing \"\": invalid syntax"},
      {"-", "strconv.ParseInt: parsing \"-\": invalid syntax"},
      {"08", "strconv.ParseInt: parsing \"08\": invalid syntax"},
      {"0x", "strconv.ParseInt: parsing \"0x\": invalid syntax"},
      {"1 ", "strconv.ParseInt: parsing \"1 \": invalid syntax"},
      {"1.5", "strconv.ParseInt: parsing \"1.5\": invalid syntax"},
      {"--1", "strconv.ParseInt: parsing \"--1\": invalid syntax"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(text_of(parse_go_int(row.text)), row.expected) << row.text;
  }
}

TEST(ParseGoUint, RefusesSigns) {
  EXPECT_EQ(text_of(parse_go_uint("18446744073709551615")), "18446744073709551615");
  EXPECT_EQ(text_of(parse_go_uint("-1")), "strconv.ParseUint: parsing \"-1\": invalid syntax");
  EXPECT_EQ(text_of(parse_go_uint("+1")), "strconv.ParseUint: parsing \"+1\": invalid syntax");
  EXPECT_EQ(text_of(parse_go_uint("18446744073709551616")),
            "strconv.ParseUint: parsing \"18446744073709551616\": value out of range");
}

TEST(ParseGoDuration, AddsUpComponents) {
  constexpr Row kRows[] = {
      {"0", "0"},
      {"5s", "5000000000"},
      {"1m30s", "90000000000"},
      {"1h", "3600000000000"},
      {"100ms", "100000000"},
      {"1.5s", "1500000000"},
      {".5s", "500000000"},
      {"1.s", "1000000000"},
      {"-2s", "-2000000000"},
      {"3us", "3000"},
      {"3\xc2\xb5s", "3000"},
      {"7ns", "7"},
      {"0.1h", "360000000000"},
      {"", "time: invalid duration \"\""},
      {"5", "time: invalid duration \"5\""},
      {"s", "time: invalid duration \"s\""},
      {".s", "time: invalid duration \".s\""},
      {"1d", "time: invalid duration \"1d\""},
      {"1s ", "time: invalid duration \"1s \""},
      {"9999999h", "time: invalid duration \"9999999h\""},
      {"99999999999999999999999s", "time: invalid duration \"99999999999999999999999s\""},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(text_of(parse_go_duration(row.text)), row.expected) << row.text;
  }
}

}  // namespace
}  // namespace redoubt::cli
