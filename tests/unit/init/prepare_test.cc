#include "init/prepare.h"

#include <gtest/gtest.h>

namespace redoubt::init {
namespace {

// Whether init sleeps until the parent has answered; wrong by "no", it would act before its ids are mapped.
bool awaits_parent(const plan::Plan& plan, bool reports_ready) {
  const std::vector<OpenNamespace> no_joins;
  PrepareRequest request{.plan = plan,
                         .seccomp = {},
                         .joins = no_joins,
                         .extra_env = {},
                         .cgroup_directory = "",
                         .notify_directory = "",
                         .state_json_creating = "",
                         .state_json_created = ""};
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

}  // namespace
}  // namespace redoubt::init
