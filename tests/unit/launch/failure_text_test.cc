#include "runc-compat/launch/failure_text.h"

#include <errno.h>
#include <string.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runc-compat/launch/step_names.h"

namespace redoubt::launch {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string text_of(init::InitStep step, int err, const char* item, const plan::Plan& plan) {
  init::SyncMessage message{init::SyncWord::kFailed, step, err, 0, {}};
  strncpy(message.item, item, sizeof message.item - 1);
  return failure_error(message, plan).message();
}

TEST(FailureText, ExplainsASchedulerThatACpusetForbids) {
  constexpr const char* kWords = "process scheduler can't be used together with AllowedCPUs";
  plan::Plan plan;
  EXPECT_THAT(text_of(init::InitStep::kScheduling, EPERM, "scheduler", plan), Not(HasSubstr(kWords)));
  plan.cgroup.writes.push_back({"cpuset.cpus", "0", "linux.resources.cpu.cpus"});
  EXPECT_THAT(text_of(init::InitStep::kScheduling, EPERM, "scheduler", plan), HasSubstr(kWords));
  EXPECT_THAT(text_of(init::InitStep::kScheduling, EINVAL, "scheduler", plan), Not(HasSubstr(kWords)));
  EXPECT_THAT(text_of(init::InitStep::kScheduling, EPERM, "ioPriority", plan), Not(HasSubstr(kWords)));
}

TEST(StepNames, FollowTheEnumeration) {
  EXPECT_EQ(step_name(init::InitStep::kStart), "start");
  EXPECT_EQ(step_name(init::InitStep::kMounts), "mounts");
  EXPECT_EQ(step_name(init::InitStep::kExecve), "execve");
  EXPECT_EQ(step_name(init::InitStep::kCount), "unknown");
}

}  // namespace
}  // namespace redoubt::launch
