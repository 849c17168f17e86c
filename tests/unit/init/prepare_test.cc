#include "init/prepare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fcntl.h>
#include <sched.h>

namespace redoubt::init {
namespace {

const std::vector<OpenNamespace> none;

PrepareRequest request_for(const plan::Plan& plan, const std::vector<OpenNamespace>& made = none) {
  return {.plan = plan,
          .seccomp = {},
          .joins = none,
          .extra_env = {},
          .cgroup_directory = "",
          .notify_directory = "",
          .state_json_creating = "",
          .state_json_created = "",
          .made_namespaces = made};
}

// Whether init sleeps until the parent has answered; wrong by "no", it would act before its ids are mapped.
bool awaits_parent(const plan::Plan& plan, bool reports_ready) {
  PrepareRequest request = request_for(plan);
  request.reports_ready = reports_ready;
  const Result<PreparedInit> prepared = prepare(request);
  EXPECT_TRUE(prepared) << (prepared ? "" : prepared.error().message());
  return !prepared || prepared->awaits_parent;
}

plan::Plan small_plan() {
  plan::Plan plan;
  plan.id = "c";
  plan.rootfs.path = "/";
  plan.process.args = {"/bin/true"};
  plan.process.cwd = "/";
  return plan;
}

TEST(Prepare, LetsInitStartWhereTheParentHasNothingToDoFirst) { EXPECT_FALSE(awaits_parent(small_plan(), false)); }

TEST(Prepare, LetsInitAwaitAConversation) { EXPECT_TRUE(awaits_parent(small_plan(), true)); }

TEST(Prepare, LetsInitAwaitItsIdMaps) {
  plan::Plan plan = small_plan();
  plan.namespaces.push_back({plan::NamespaceType::kUser, ""});
  EXPECT_TRUE(awaits_parent(plan, false));
}

TEST(Prepare, LetsInitAwaitItsNetworkDevices) {
  plan::Plan plan = small_plan();
  plan.net_devices.push_back({"eth7", "eth0"});
  EXPECT_TRUE(awaits_parent(plan, false));
}

TEST(Prepare, ClonesOnlyIntoWhatIsNotThereYet) {
  plan::Plan plan = small_plan();
  plan.namespaces = {{plan::NamespaceType::kNetwork, ""}, {plan::NamespaceType::kIpc, ""}, {plan::NamespaceType::kPid, ""}};
  Result<PreparedInit> prepared = prepare(request_for(plan));
  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->clone_flags, uint64_t{CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWPID});

  std::vector<OpenNamespace> made;
  made.push_back({UniqueFd(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)), CLONE_NEWNET, "network"});
  prepared = prepare(request_for(plan, made));
  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->clone_flags, uint64_t{CLONE_NEWIPC | CLONE_NEWPID});
  EXPECT_THAT(prepared->inherited_fds, testing::Contains(made[0].fd.get()));
}

}  // namespace
}  // namespace redoubt::init
