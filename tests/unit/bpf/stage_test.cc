// The policy of a container as the kernel's value.
#include "bpf/stage.h"

#include <unistd.h>

#include <gtest/gtest.h>

namespace redoubt::bpf {
namespace {

TEST(TaskValue, IsStagedAndDeniesMoreThanItAudits) {
  plan::KernelIntents intents;
  intents.denied_surfaces = {"kernel.bpf"};
  intents.audited_surfaces = {"kernel.bpf", "kernel.perf"};
  intents.families = 0x6;
  const redoubt_task value = task_value(intents, "web1");
  EXPECT_EQ(value.state, uint32_t{REDOUBT_STAGED});
  EXPECT_EQ(value.denied, uint64_t{1} << REDOUBT_SURFACE_BPF);
  EXPECT_EQ(value.audited, uint64_t{1} << REDOUBT_SURFACE_PERF);
  EXPECT_EQ(value.families, 0x6U);
  EXPECT_STREQ(value.container, "web1");
}

TEST(TaskValue, ReportsFilesWhereThePlanDoes) {
  plan::KernelIntents intents;
  EXPECT_EQ(task_value(intents, "web1").reports, 0U);
  intents.reports_files = true;
  EXPECT_EQ(task_value(intents, "web1").reports, REDOUBT_REPORTS_FILES);
}

TEST(TaskValue, CutsALongIdAndEndsIt) {
  const redoubt_task value = task_value({}, std::string(1000, 'x'));
  EXPECT_EQ(std::string(value.container), std::string(REDOUBT_CONTAINER_NAME - 1, 'x'));
}

// Without a wish nothing is asked of the kernel: a host without BPF starts containers.
TEST(Stage, DoesNothingForNothing) {
  EXPECT_TRUE(stage(-1, {}, "web1").has_value());
}

TEST(Stage, FailsRatherThanStartsUnmarked) {
  plan::KernelIntents intents;
  intents.denied_surfaces = {"kernel.bpf"};
  EXPECT_FALSE(stage(-1, intents, "web1").has_value());
}

}  // namespace
}  // namespace redoubt::bpf
