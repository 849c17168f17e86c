#include "plan/cpu_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ParseCpuList, ReadsNumbersAndRanges) {
  EXPECT_THAT(*parse_cpu_list("0"), ElementsAre(1U));
  EXPECT_THAT(*parse_cpu_list("0-3,7"), ElementsAre(0x8fU));
  EXPECT_THAT(*parse_cpu_list(" 1 , 3 - 4 "), ElementsAre(0x1aU));
  EXPECT_THAT(*parse_cpu_list("63-64"), ElementsAre(uint64_t{1} << 63, 1U));
  EXPECT_THAT(*parse_cpu_list(""), IsEmpty());
}

TEST(ParseCpuList, RefusesEverythingElse) {
  for (const char* text :
       {"3-1", "0-", "-1", "a", "1,,2", ",", "1-2-3", "0x1", "+1", "4294967296"}) {
    EXPECT_FALSE(parse_cpu_list(text).has_value()) << text;
  }
  EXPECT_THAT(parse_cpu_list("3-1").error().message(), HasSubstr("\"3-1\": bad range"));
}

TEST(ParseCpuList, BoundsItsMemory) {
  EXPECT_EQ(parse_cpu_list("8191")->size(), 128U);
  EXPECT_THAT(parse_cpu_list("0-4000000000").error().message(), HasSubstr("beyond the limit"));
}

}  // namespace
}  // namespace redoubt::plan
