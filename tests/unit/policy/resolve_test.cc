// Promises of the whole: identity is copied, absent sections are the strict ones, the first error
// stops.
#include "policy/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/plan_text.h"
#include "tests/unit/policy/specs.h"

namespace redoubt::policy {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(Resolve, CopiesIdentityAndOptions) {
  oci::Spec spec = small_spec();
  spec.hostname = "h";
  spec.domainname = "d";
  spec.annotations = {{"k", "v"}};
  const auto plan =
      resolve_spec(spec, {.rootless = true, .no_pivot = true, .no_new_keyring = true});
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_EQ(plan->id, "c1");
  EXPECT_EQ(plan->bundle, "/bundle");
  EXPECT_EQ(plan->rootfs.path, "/bundle/rootfs");
  EXPECT_EQ(plan->hostname, "h");
  EXPECT_EQ(plan->domainname, "d");
  EXPECT_EQ(plan->annotations.at("k"), "v");
  EXPECT_TRUE(plan->rootless);
  EXPECT_TRUE(plan->rootfs.no_pivot);
  EXPECT_FALSE(plan->new_keyring);
}

TEST(Resolve, WorksWithoutLinuxAndProcess) {
  oci::Spec spec = small_spec();
  spec.linux_.reset();
  spec.process.reset();
  const auto plan = resolve_spec(spec);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_THAT(plan->process.args, IsEmpty());
  EXPECT_FALSE(plan->cgroup.device_rules.empty());
  EXPECT_FALSE(plan->cgroup.device_rules.front().allow);
}

TEST(Resolve, FirstErrorStops) {
  oci::Spec spec = small_spec();
  spec.linux_->namespaces = {{"nonsense", ""}};
  spec.mounts = {{"/x", "", "", {}, {}, {}}};
  EXPECT_THAT(error_of(resolve_spec(spec)), HasSubstr("nonsense"));
}

TEST(Resolve, SameInputsSamePlan) {
  oci::Spec spec = small_spec();
  spec.linux_->sysctl = {{"net.b", "1"}, {"net.a", "2"}};
  spec.annotations = {{"z", "1"}, {"a", "2"}};
  spec.process->env = {"B=1", "A=2", "B=3"};
  EXPECT_EQ(plan::to_text(*resolve_spec(spec)), plan::to_text(*resolve_spec(spec)));
}

TEST(Resolve, ErrorsAreOfTheUsersDocument) {
  oci::Spec spec = small_spec();
  spec.root.reset();
  EXPECT_EQ(resolve_spec(spec).error().kind(), ErrorKind::kInvalidSpec);
  spec = small_spec();
  spec.process->selinux_label = "x";
  plan::HostFacts host = capable_host();
  host.selinux_enabled = false;
  EXPECT_EQ(resolve_under(spec, host).error().kind(), ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace redoubt::policy
