#include <sys/mount.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/specs.h"

namespace redoubt::policy {
namespace {

using plan::NamespaceType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ResolveNamespaces, TellsNewFromJoined) {
  oci::Spec spec = small_spec();
  spec.linux_->namespaces = {{"pid", ""}, {"network", "/run/netns/x"}};
  const auto plan = resolve_spec(spec);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_TRUE(plan->creates(NamespaceType::kPid));
  EXPECT_FALSE(plan->creates(NamespaceType::kNetwork));
  EXPECT_EQ(plan->find_namespace(NamespaceType::kNetwork)->path, "/run/netns/x");
  EXPECT_EQ(plan->find_namespace(NamespaceType::kUts), nullptr);
}

TEST(ResolveNamespaces, RefusesUnknownAndDouble) {
  oci::Spec spec = small_spec();
  spec.linux_->namespaces = {{"net", ""}};
  EXPECT_EQ(error_of(resolve_spec(spec)), "namespace \"net\" does not exist");
  spec.linux_->namespaces = {{"ipc", ""}, {"ipc", "/x"}};
  EXPECT_EQ(error_of(resolve_spec(spec)), "malformed spec file: duplicated ns \"ipc\"");
}

TEST(ResolveNamespaces, MapsBelongToANewUserNamespace) {
  oci::Spec spec = small_spec();
  spec.linux_->namespaces = {{"user", ""}};
  spec.linux_->uid_mappings = {{0, 100000, 65536}};
  spec.linux_->gid_mappings = {{0, 200000, 65536}};
  const auto plan = resolve_spec(spec);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_EQ(plan->id_maps.uid.at(0).host_id, 100000U);
  EXPECT_EQ(plan->id_maps.gid.at(0).size, 65536U);
  EXPECT_TRUE(plan->expected_id_maps.empty());
  EXPECT_THAT(plan->warnings, IsEmpty());
}

TEST(ResolveNamespaces, MapsBesideAPathAreOnlyExpected) {
  oci::Spec spec = small_spec();
  spec.linux_->namespaces = {{"user", "/proc/7/ns/user"}};
  spec.linux_->uid_mappings = spec.linux_->gid_mappings = {{0, 100000, 65536}};
  const auto plan = resolve_spec(spec);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_TRUE(plan->id_maps.empty());
  EXPECT_FALSE(plan->expected_id_maps.empty());
  EXPECT_THAT(plan->warnings, ElementsAre(HasSubstr("linux.uidMappings")));
}

TEST(ResolveNamespaces, RootlessNeedsAMappedUserNamespace) {
  oci::Spec spec = small_spec();
  EXPECT_EQ(error_of(resolve_under(spec, rootless_host())),
            "rootless container requires user namespaces");
  spec.linux_->namespaces = {{"user", ""}};
  EXPECT_THAT(error_of(resolve_under(spec, rootless_host())), HasSubstr("UID mapping"));
  spec.linux_->uid_mappings = {{0, 1000, 1}};
  EXPECT_THAT(error_of(resolve_under(spec, rootless_host())), HasSubstr("GID mapping"));
  spec.linux_->gid_mappings = {{0, 1000, 1}};
  EXPECT_TRUE(resolve_under(spec, rootless_host()).has_value());
}

TEST(ResolveNamespaces, TimeOffsets) {
  oci::Spec spec = small_spec();
  spec.linux_->namespaces = {{"time", ""}};
  spec.linux_->time_offsets = {{"monotonic", {-5, 7}}};
  const auto plan = resolve_spec(spec);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_EQ(plan->monotonic_offset->secs, -5);
  EXPECT_EQ(plan->monotonic_offset->nanosecs, 7U);
  EXPECT_FALSE(plan->boottime_offset.has_value());
  spec.linux_->time_offsets = {{"realtime", {1, 0}}};
  EXPECT_THAT(error_of(resolve_spec(spec)), HasSubstr("unknown clock \"realtime\""));
  plan::HostFacts old = capable_host();
  old.time_namespaces = false;
  EXPECT_THAT(error_of(resolve_under(spec, old)), HasSubstr("no time namespaces"));
}

TEST(ResolveRootfs, PathReadonlyAndPropagation) {
  oci::Spec spec = small_spec();
  spec.root = oci::Root{"../r", true};
  auto plan = resolve_spec(spec);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_EQ(plan->rootfs.path, "/r");
  EXPECT_TRUE(plan->rootfs.readonly);
  EXPECT_EQ(plan->rootfs.propagation, uint64_t{MS_SLAVE});
  EXPECT_TRUE(plan->rootfs.recursive_propagation);
  spec.linux_->rootfs_propagation = "shared";
  plan = resolve_spec(spec);
  EXPECT_EQ(plan->rootfs.propagation, uint64_t{MS_SHARED});
  EXPECT_FALSE(plan->rootfs.recursive_propagation);
}

TEST(ResolveRootfs, Refusals) {
  oci::Spec spec = small_spec();
  spec.root.reset();
  EXPECT_EQ(error_of(resolve_spec(spec)), "root must be specified");
  spec = small_spec();
  spec.linux_->rootfs_propagation = "sharing";
  EXPECT_EQ(error_of(resolve_spec(spec)), "rootfsPropagation=sharing is not supported");
  for (const char* word : {"private", "rprivate"}) {
    spec.linux_->rootfs_propagation = word;
    EXPECT_TRUE(resolve_spec(spec).has_value()) << word;
    EXPECT_EQ(error_of(resolve_spec(spec, {.no_pivot = true})),
              "rootfsPropagation of [r]private is not safe without pivot_root");
  }
}

}  // namespace
}  // namespace redoubt::policy
