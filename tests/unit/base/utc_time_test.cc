#include "base/utc_time.h"

#include <time.h>

#include <gtest/gtest.h>

namespace redoubt {
namespace {

TEST(UtcTime, IsWhatTheCLibrarySays) {
  for (const int64_t time : {0L, 59L, 86399L, 86400L, 951827696L, 1709251199L, 4102444800L, -1L}) {
    tm parts = {};
    ::gmtime_r(&time, &parts);
    char expected[32];
    ::strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S", &parts);
    EXPECT_EQ(utc_time(time), expected);
  }
}

}  // namespace
}  // namespace redoubt
