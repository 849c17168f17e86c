#include <linux/mempolicy.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/passes.h"
#include "tests/unit/policy/specs.h"

namespace redoubt::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

oci::Scheduler scheduler(const char* policy) {
  oci::Scheduler result;
  result.policy = policy;
  return result;
}

TEST(ResolveScheduler, CopiesWhatThePolicyUses) {
  oci::Scheduler s = scheduler("SCHED_DEADLINE");
  s.runtime = 1;
  s.deadline = 2;
  s.period = 3;
  s.flags = {"SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM"};
  const auto result = resolve_scheduler(s);
  ASSERT_TRUE(result.has_value()) << error_of(result);
  EXPECT_EQ(result->policy, 6U);
  EXPECT_EQ(result->flags, 3U);
  EXPECT_EQ(result->period, 3U);
}

TEST(ResolveScheduler, RefusesWhatThePolicyCannotUse) {
  EXPECT_EQ(error_of(resolve_scheduler(scheduler(""))), "scheduler policy is required");
  EXPECT_THAT(error_of(resolve_scheduler(scheduler("SCHED_X"))),
              HasSubstr("invalid scheduler policy"));
  oci::Scheduler s = scheduler("SCHED_BATCH");
  s.nice = 20;
  EXPECT_THAT(error_of(resolve_scheduler(s)), HasSubstr("invalid scheduler.nice: 20"));
  s = scheduler("SCHED_OTHER");
  s.priority = 1;
  EXPECT_THAT(error_of(resolve_scheduler(s)), HasSubstr("scheduler.priority"));
  s = scheduler("SCHED_RR");
  s.priority = -1;
  EXPECT_THAT(error_of(resolve_scheduler(s)), HasSubstr("negative"));
  s = scheduler("SCHED_FIFO");
  s.runtime = 1;
  EXPECT_THAT(error_of(resolve_scheduler(s)), HasSubstr("runtime/deadline/period"));
  s = scheduler("SCHED_OTHER");
  s.flags = {"SCHED_FLAG_X"};
  EXPECT_THAT(error_of(resolve_scheduler(s)), HasSubstr("invalid scheduler flag: SCHED_FLAG_X"));
}

TEST(ResolveIoPriority, PutsClassAndLevelTogether) {
  EXPECT_EQ(*resolve_io_priority({"IOPRIO_CLASS_BE", 7}), (2 << 13) | 7);
  EXPECT_EQ(*resolve_io_priority({"IOPRIO_CLASS_IDLE", 0}), 3 << 13);
  EXPECT_THAT(error_of(resolve_io_priority({"IOPRIO_CLASS_BE", 8})),
              HasSubstr("invalid ioPriority.Priority: 8"));
  EXPECT_THAT(error_of(resolve_io_priority({"IOPRIO_CLASS_BE", -1})), HasSubstr("-1"));
  EXPECT_THAT(error_of(resolve_io_priority({"BE", 1})), HasSubstr("invalid ioPriority.class"));
}

TEST(ResolveMemoryPolicy, ModeFlagsAndNodes) {
  const auto result = resolve_memory_policy({"MPOL_PREFERRED", "", {"MPOL_F_RELATIVE_NODES"}});
  ASSERT_TRUE(result.has_value()) << error_of(result);
  EXPECT_EQ(result->mode, MPOL_PREFERRED | MPOL_F_RELATIVE_NODES);
  EXPECT_THAT(resolve_memory_policy({"MPOL_INTERLEAVE", "0-1", {}})->nodes, ElementsAre(3U));
}

TEST(ResolveMemoryPolicy, Refusals) {
  const struct {
    oci::MemoryPolicy policy;
    const char* message;
  } cases[] = {
      {{"MPOL_X", "0", {}}, "invalid memory policy mode"},
      {{"MPOL_BIND", "0", {"MPOL_F_X"}}, "invalid memory policy flag"},
      {{"MPOL_BIND", "1-0", {}}, "invalid memory policy nodes"},
      {{"MPOL_BIND", "", {}}, "needs at least one"},
      {{"MPOL_DEFAULT", "0", {}}, "takes none"},
      {{"MPOL_LOCAL", "0", {}}, "takes none"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(error_of(resolve_memory_policy(c.policy)), HasSubstr(c.message));
  }
}

TEST(ResolvePersonality, FlagsAreIgnoredAloud) {
  std::vector<std::string> warnings;
  EXPECT_EQ(*resolve_personality({"LINUX", {"A", "B"}}, warnings), 0UL);
  EXPECT_THAT(warnings, ElementsAre("ignoring unsupported personality flags: [A B]"));
  EXPECT_THAT(error_of(resolve_personality({"linux", {}}, warnings)),
              HasSubstr("invalid personality domain linux"));
}

TEST(ResolveRlimits, NamesAndOrder) {
  const auto limits = resolve_rlimits({{"RLIMIT_NOFILE", 10, 5}, {"RLIMIT_CORE", ~uint64_t{0}, 0}});
  ASSERT_TRUE(limits.has_value()) << error_of(limits);
  EXPECT_EQ(limits->at(0).resource, 7);
  EXPECT_EQ(limits->at(0).soft, 5U);
  EXPECT_EQ(limits->at(1).hard, ~uint64_t{0});
  EXPECT_THAT(error_of(resolve_rlimits({{"NOFILE", 1, 1}})),
              HasSubstr("process.rlimits[0]: invalid rlimit type"));
  EXPECT_THAT(error_of(resolve_rlimits({{"RLIMIT_NPROC", 4, 5}})),
              HasSubstr("soft limit 5 is above the hard limit 4"));
}

}  // namespace
}  // namespace redoubt::policy
