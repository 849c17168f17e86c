#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/specs.h"

namespace redoubt::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST(ResolveCgroup, DriverAndPath) {
  oci::Spec spec = small_spec();
  spec.linux_->cgroups_path = "system.slice:docker:x";
  auto plan = resolve_spec(spec);
  EXPECT_EQ(plan->cgroup.driver, plan::CgroupDriver::kFilesystem);
  EXPECT_EQ(plan->cgroup.path, "system.slice:docker:x");
  plan = resolve_spec(spec, {.systemd_cgroup = true});
  EXPECT_EQ(plan->cgroup.driver, plan::CgroupDriver::kSystemd);
}

TEST(ResolveCgroup, SystemdPathHasThreeFields) {
  oci::Spec spec = small_spec();
  for (const char* path : {"", "a:b:c", "::"}) {
    spec.linux_->cgroups_path = path;
    EXPECT_TRUE(resolve_spec(spec, {.systemd_cgroup = true}).has_value()) << path;
  }
  for (const char* path : {"/a/b", "a:b", "a:b:c:d"}) {
    spec.linux_->cgroups_path = path;
    EXPECT_THAT(
        error_of(resolve_spec(spec, {.systemd_cgroup = true})),
        HasSubstr(
            "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got"))
        << path;
  }
}

TEST(ResolveCgroup, PropertiesComeFromAnnotationsUnderSystemdOnly) {
  oci::Spec spec = small_spec();
  spec.annotations = {{"org.systemd.property.KillSignal", "15"},
                      {"org.systemd.property.TimeoutStopSec", "uint64 5"},
                      {"org.systemd.propertyX", "1"},
                      {"other", "1"}};
  EXPECT_THAT(resolve_spec(spec)->cgroup.systemd_properties, IsEmpty());
  EXPECT_THAT(resolve_spec(spec, {.systemd_cgroup = true})->cgroup.systemd_properties,
              ElementsAre(Pair("KillSignal", "15"), Pair("TimeoutStopSec", "uint64 5")));
}

TEST(ResolveCgroup, PropertyNamesAreLetters) {
  for (const auto& [name, reason] : {std::pair("", "too short"),
                                     {"Ab", "too short"},
                                     {"Exec=Start", "non-alphabetic"},
                                     {"Kill Signal", "non-alphabetic"},
                                     {"K\xc3\xa9y", "non-alphabetic"}}) {
    oci::Spec spec = small_spec();
    spec.annotations = {{std::string("org.systemd.property.") + name, "1"}};
    EXPECT_THAT(error_of(resolve_spec(spec, {.systemd_cgroup = true})), HasSubstr(reason)) << name;
  }
}

class ResolveDelegation : public testing::Test {
 protected:
  ResolveDelegation() {
    spec_.linux_->namespaces = {{"cgroup", ""}};
    spec_.mounts = {{"/sys/fs/cgroup/", "cgroup", "cgroup", {"nosuid"}, {}, {}}};
  }
  bool delegated() const { return resolve_spec(spec_)->cgroup.delegate; }
  oci::Spec spec_ = small_spec();
};

TEST_F(ResolveDelegation, NeedsAnOwnNamespaceAndAWritableMount) {
  EXPECT_TRUE(delegated());
  spec_.mounts[0].options = {"ro", "rw"};
  EXPECT_TRUE(delegated());
}

TEST_F(ResolveDelegation, NotWhenReadOnly) {
  spec_.mounts[0].options = {"ro"};
  EXPECT_FALSE(delegated());
  spec_.mounts[0].options = {"rro"};
  EXPECT_FALSE(delegated());
}

TEST_F(ResolveDelegation, NotInASharedOrJoinedNamespace) {
  spec_.linux_->namespaces = {{"cgroup", "/proc/1/ns/cgroup"}};
  EXPECT_FALSE(delegated());
  spec_.linux_->namespaces.clear();
  EXPECT_FALSE(delegated());
}

TEST_F(ResolveDelegation, NotForABindOrAnotherPlace) {
  spec_.mounts[0].options = {"rbind"};
  EXPECT_FALSE(delegated());
  spec_.mounts[0].options = {};
  spec_.mounts[0].destination = "/cgroup";
  EXPECT_FALSE(delegated());
}

TEST(ResolveCgroup, LimitsAndWarningsOfResources) {
  oci::Spec spec = small_spec();
  spec.linux_->resources = oci::Resources{};
  spec.linux_->resources->pids_limit = 3;
  spec.linux_->resources->memory = oci::Memory{};
  spec.linux_->resources->memory->kernel_tcp = 5;
  spec.linux_->resources->memory->check_before_update = true;
  const auto plan = resolve_spec(spec);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  ASSERT_EQ(plan->cgroup.writes.size(), 1U);
  EXPECT_EQ(plan->cgroup.writes[0].file, "pids.max");
  EXPECT_TRUE(plan->cgroup.check_memory_before_update);
  EXPECT_THAT(plan->warnings, ElementsAre(HasSubstr("Kernel memory")));
}

}  // namespace
}  // namespace redoubt::policy
