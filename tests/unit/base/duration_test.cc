#include "base/duration.h"

#include <gtest/gtest.h>

namespace redoubt {
namespace {

constexpr int64_t kSecond = 1000000000;

TEST(ParseDuration, ReadsWhatGoReads) {
  const std::pair<const char*, int64_t> cases[] = {
      {"0", 0},
      {"-0", 0},
      {"5s", 5 * kSecond},
      {"+5s", 5 * kSecond},
      {"1m30s", 90 * kSecond},
      {"100ms", kSecond / 10},
      {"1.5h", 5400 * kSecond},
      {".5s", kSecond / 2},
      {"1.s", kSecond},
      {"-1.5s", -3 * kSecond / 2},
      {"3us", 3000},
      {"3\xc2\xb5s", 3000},
      {"3\xce\xbcs", 3000},
      {"1h2m3s4ms5us6ns", 3723 * kSecond + 4005006},
      {"0.3333333333333333333h", 1200 * kSecond - 1},
      {"9223372036854775807ns", INT64_MAX},
      {"-9223372036854775808ns", INT64_MIN},
      {"0.100000000000000000000h", 360 * kSecond},
  };
  for (const auto& [text, wanted] : cases) {
    const Result<int64_t> duration = parse_duration(text);
    ASSERT_TRUE(duration) << text << ": " << duration.error().message();
    EXPECT_NEAR(static_cast<double>(*duration - wanted), 0, 1) << text;
  }
}

TEST(ParseDuration, RefusesInGosWords) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "time: invalid duration \"\""},
      {"-", "time: invalid duration \"-\""},
      {".", "time: invalid duration \".\""},
      {"s", "time: invalid duration \"s\""},
      {"-.s", "time: invalid duration \"-.s\""},
      {"5", "time: missing unit in duration \"5\""},
      {"1m5", "time: missing unit in duration \"1m5\""},
      {"5x", "time: unknown unit \"x\" in duration \"5x\""},
      {"5 s", "time: unknown unit \" s\" in duration \"5 s\""},
      {"9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""},
      {"99999999999999999999s", "time: invalid duration \"99999999999999999999s\""},
      {"3000000h", "time: invalid duration \"3000000h\""},
  };
  for (const auto& [text, wanted] : cases) {
    const Result<int64_t> duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().message(), wanted);
  }
}

TEST(FormatDuration, WritesAsGo) {
  const std::pair<int64_t, const char*> cases[] = {
      {0, "0s"},
      {1, "1ns"},
      {1100, "1.1\xc2\xb5s"},
      {2200000, "2.2ms"},
      {3300000000, "3.3s"},
      {kSecond, "1s"},
      {60 * kSecond, "1m0s"},
      {245 * kSecond, "4m5s"},
      {245001 * kSecond / 1000, "4m5.001s"},
      {3600 * kSecond, "1h0m0s"},
      {-90 * kSecond, "-1m30s"},
      {INT64_MAX, "2562047h47m16.854775807s"},
      {INT64_MIN, "-2562047h47m16.854775808s"},
  };
  for (const auto& [value, wanted] : cases) {
    EXPECT_EQ(format_duration(value), wanted);
  }
}

}  // namespace
}  // namespace redoubt
