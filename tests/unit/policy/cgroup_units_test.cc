#include "policy/cgroup_units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace redoubt::policy {
namespace {

using testing::HasSubstr;

TEST(CpuWeight, GoesThroughMinimumDefaultAndMaximum) {
  const struct {
    uint64_t shares, weight;
  } cases[] = {{0, 0},
               {1, 1},
               {2, 1},
               {102, 17},
               {512, 59},
               {1024, 100},
               {2048, 174},
               {262144, 10000},
               {262145, 10000},
               {~uint64_t{0}, 10000}};
  for (const auto& c : cases) {
    EXPECT_EQ(cpu_weight_from_shares(c.shares), c.weight) << c.shares;
  }
}

TEST(CpuWeight, IsTheFormulaForEveryShare) {
  for (uint64_t shares = 3; shares < 262144; ++shares) {
    const double l = std::log2(static_cast<double>(shares));
    const auto weight = static_cast<uint64_t>(std::ceil(std::pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0)));
    ASSERT_EQ(cpu_weight_from_shares(shares), weight) << shares;
  }
}

TEST(IoWeight, IsLinearFromTenToThousand) {
  const struct {
    uint16_t blkio;
    uint64_t io;
  } cases[] = {
      {0, 0}, {1, 1}, {10, 1}, {100, 910}, {300, 2930}, {500, 4950}, {1000, 10000}, {65535, 10000}};
  for (const auto& c : cases) {
    EXPECT_EQ(io_weight_from_blkio(c.blkio), c.io) << c.blkio;
  }
}

TEST(Swap, IsMemoryAndSwapWithoutMemory) {
  const struct {
    int64_t both, memory, swap;
  } cases[] = {
      {0, 0, 0},
      {0, 100, 0},
      {0, -1, -1},
      {-1, 100, -1},
      {-1, 0, -1},
      {300, 100, 200},
      {100, 100, 0},
      {300, -1, 300},
  };
  for (const auto& c : cases) {
    const auto swap = swap_from_memory_and_swap(c.both, c.memory);
    ASSERT_TRUE(swap.has_value()) << c.both << ' ' << c.memory;
    EXPECT_EQ(*swap, c.swap) << c.both << ' ' << c.memory;
  }
  EXPECT_THAT(swap_from_memory_and_swap(100, 0).error().message(),
              HasSubstr("unable to set swap limit without memory limit"));
  EXPECT_THAT(swap_from_memory_and_swap(99, 100).error().message(),
              HasSubstr("memory+swap limit should be >= memory limit"));
  EXPECT_THAT(swap_from_memory_and_swap(99, -2).error().message(),
              HasSubstr("invalid memory value: -2"));
}

TEST(HugePageSize, IsDigitsAndUnit) {
  for (const char* size : {"2MB", "1GB", "64KB", "16GB"}) {
    EXPECT_TRUE(is_huge_page_size(size)) << size;
  }
  for (const char* size : {"", "MB", "2", "2MB/../x", "../x", "2mb", "-2MB", "2 MB", "2MB "}) {
    EXPECT_FALSE(is_huge_page_size(size)) << size;
  }
}

}  // namespace
}  // namespace redoubt::policy
