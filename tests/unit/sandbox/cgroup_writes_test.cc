#include "sandbox/cgroup_writes.h"

#include <errno.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_cgroup.h"

namespace redoubt::sandbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ControllerOf, IsTheFirstPartOfTheName) {
  EXPECT_EQ(controller_of("memory.swap.max"), "memory");
  EXPECT_EQ(controller_of("hugetlb.2MB.max"), "hugetlb");
  EXPECT_EQ(controller_of("cgroup.freeze"), "");
}

struct RequestCase {
  const char *file, *value;
  bool is_request;
};

class IsLimitRequest : public ::testing::TestWithParam<RequestCase> {};

TEST_P(IsLimitRequest, TellsLimitsFromDefaults) {
  const RequestCase& c = GetParam();
  EXPECT_EQ(is_limit_request({c.file, c.value, "field"}), c.is_request) << c.file << "=" << c.value;
}

INSTANTIATE_TEST_SUITE_P(Values,
                         IsLimitRequest,
                         ::testing::Values(RequestCase{"pids.max", "max", false},
                                           RequestCase{"pids.max", "-1", false},
                                           RequestCase{"pids.max", "0", true},
                                           RequestCase{"pids.max", "10", true},
                                           RequestCase{"memory.max", "max\n", false},
                                           RequestCase{"memory.max", "4096", true},
                                           RequestCase{"memory.low", "0", false},
                                           RequestCase{"memory.swap.max", "0", true},
                                           RequestCase{"cpu.max", "max 100000", false},
                                           RequestCase{"cpu.max", "1000 100000", true},
                                           RequestCase{"cpu.weight", "100", false},
                                           RequestCase{"cpu.weight", "99", true},
                                           RequestCase{"io.weight", "default 100", false},
                                           RequestCase{"io.weight", "8:0 100", true},
                                           RequestCase{"io.max", "8:0 rbps=max", false},
                                           RequestCase{"io.max", "8:0 rbps=max wiops=5", true},
                                           RequestCase{"cpuset.cpus", "", false},
                                           RequestCase{"cpuset.cpus", "0", true}));

TEST(NeededControllers, AreThoseOfRealLimitsOnce) {
  plan::CgroupWrite optional{"io.bfq.weight", "8:0 50", "f"};
  optional.skip_if_missing = true;
  EXPECT_THAT(needed_controllers({{"pids.max", "5", "f"},
                                  {"memory.max", "1", "f"},
                                  {"memory.high", "1", "f"},
                                  {"cpu.weight", "100", "f"},
                                  {"cgroup.max.depth", "1", "f"},
                                  optional}),
              ElementsAre("pids", "memory"));
}

TEST(ApplyCgroupWrites, WritesInOrder) {
  const TemporaryCgroup cgroup;
  cgroup.put("memory.max", "aaa");
  cgroup.put("pids.max", "bb");
  ASSERT_TRUE(apply_cgroup_writes(
      cgroup.path(),
      {{"memory.max", "100", "f"}, {"memory.max", "200", "f"}, {"pids.max", "10", "g"}},
      false));
  EXPECT_EQ(cgroup.get("memory.max"), "200");
  EXPECT_EQ(cgroup.get("pids.max"), "10");
}

TEST(ApplyCgroupWrites, UndoesEverythingWhenOneFails) {
  const TemporaryCgroup cgroup;
  cgroup.put("memory.max", "100\n");
  cgroup.put("cpu.weight", "200\n");
  const Status status = apply_cgroup_writes(cgroup.path(),
                                            {{"memory.max", "111", "f"},
                                             {"memory.max", "222", "f"},
                                             {"cpu.weight", "333", "f"},
                                             {"pids.max", "5", "linux.resources.pids.limit"}},
                                            true);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().err(), ENOENT);
  EXPECT_THAT(status.error().message(), HasSubstr("linux.resources.pids.limit: "));
  EXPECT_THAT(status.error().message(), HasSubstr("pids.max"));
  EXPECT_EQ(cgroup.get("memory.max"), "100\n");
  EXPECT_EQ(cgroup.get("cpu.weight"), "200\n");
}

TEST(ApplyCgroupWrites, SkipsMissingFilesThatNothingIsAskedOf) {
  const TemporaryCgroup cgroup;
  plan::CgroupWrite swap{"memory.swap.max", "0", "f"};
  EXPECT_FALSE(apply_cgroup_writes(cgroup.path(), {swap}, false));
  swap.skip_if_missing = true;
  EXPECT_TRUE(apply_cgroup_writes(cgroup.path(), {swap, {"pids.max", "max", "f"}}, false));
}

TEST(ApplyCgroupWrites, PrefersTheFileThatTheKernelHas) {
  const TemporaryCgroup cgroup;
  cgroup.put("io.weight", "000");
  plan::CgroupWrite weight{"io.weight", "500", "f"};
  weight.preferred_file = "io.bfq.weight";
  weight.preferred_value = "50";
  ASSERT_TRUE(apply_cgroup_writes(cgroup.path(), {weight}, false));
  EXPECT_EQ(cgroup.get("io.weight"), "500");
  cgroup.put("io.bfq.weight", "00");
  cgroup.put("io.weight", "000");
  ASSERT_TRUE(apply_cgroup_writes(cgroup.path(), {weight}, false));
  EXPECT_EQ(cgroup.get("io.weight"), "000");
  EXPECT_EQ(cgroup.get("io.bfq.weight"), "50");
}

TEST(ApplyCgroupWrites, NeverLeavesTheCgroup) {
  const TemporaryCgroup cgroup;
  cgroup.put("victim", "xx");
  cgroup.put("c/pids.max", "10");
  const Status status = apply_cgroup_writes(
      cgroup.path() + "/c",
      {{"pids.max", "20", "f"}, {"../victim", "yy", "linux.resources.unified[\"../victim\"]"}},
      false);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(),
            "unified resource \"../victim\" must be a file name (no slashes)");
  EXPECT_EQ(cgroup.get("victim"), "xx");
  EXPECT_EQ(cgroup.get("c/pids.max"), "10");  // refused before anything is written
}

TEST(ApplyCgroupWrites, WithoutACgroupRefusesLimitsOnly) {
  const Status status = apply_cgroup_writes("", {{"pids.max", "5", "f"}}, false);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(),
            "cannot set pids limit: container could not join or create cgroup");
  EXPECT_TRUE(apply_cgroup_writes("", {{"pids.max", "max", "f"}}, false));
  EXPECT_TRUE(apply_cgroup_writes("", {}, false));
}

TEST(CheckMemoryUsage, RefusesLimitsBelowTheUsage) {
  const TemporaryCgroup cgroup;
  cgroup.put("memory.current", "1000\n");
  const auto message = [&](const std::vector<plan::CgroupWrite>& writes) {
    const Status status = check_memory_usage(cgroup.path(), writes);
    return status ? "" : status.error().message();
  };
  EXPECT_EQ(message({{"memory.max", "1000", "f"}}), "rejecting memory limit 1000 <= usage 1000");
  EXPECT_EQ(message({{"memory.swap.max", "100", "f"}, {"memory.max", "500", "f"}}),
            "rejecting memory+swap limit 600 <= usage 1000");
  EXPECT_EQ(message({{"memory.max", "1001", "f"}}), "");
  EXPECT_EQ(message({{"memory.max", "max", "f"}}), "");
  EXPECT_EQ(message({{"pids.max", "1", "f"}}), "");
}

}  // namespace
}  // namespace redoubt::sandbox
