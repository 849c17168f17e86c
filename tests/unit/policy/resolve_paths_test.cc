#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/specs.h"

namespace redoubt::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(ResolvePaths, DropsDoublesAndKeepsOrder) {
  oci::Spec spec = small_spec();
  spec.linux_->masked_paths = {"/proc/kcore", "/proc/acpi", "/proc/kcore"};
  spec.linux_->readonly_paths = {"/proc/sys", "/proc/sys", "/proc/bus"};
  const auto plan = resolve_spec(spec);
  EXPECT_THAT(plan->masked_paths, ElementsAre("/proc/kcore", "/proc/acpi"));
  EXPECT_THAT(plan->readonly_paths, ElementsAre("/proc/sys", "/proc/bus"));
}

TEST(ResolveSysctl, ReadsBothNotations) {
  const struct {
    const char* name;
    const char* path;
  } cases[] = {
      {"net.ipv4.ip_forward", "net/ipv4/ip_forward"},
      {"net/ipv4/ip_forward", "net/ipv4/ip_forward"},
      {"net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding"},
      {"net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"},
      {"kernel.shm_rmid_forced", "kernel/shm_rmid_forced"},
  };
  for (const auto& c : cases) {
    oci::Spec spec = small_spec();
    spec.linux_->sysctl = {{c.name, "1"}};
    const auto plan = resolve_spec(spec);
    ASSERT_TRUE(plan.has_value()) << error_of(plan);
    EXPECT_THAT(plan->sysctls, ElementsAre(Pair(c.path, "1"))) << c.name;
  }
}

TEST(ResolveSysctl, NamesStayBelowProcSys) {
  for (const char* name : {"",
                           "..",
                           "net/../kernel/core_pattern",
                           "/kernel/core_pattern",
                           "net..x",
                           "net./..",
                           "kernel/.",
                           "net.ipv4."}) {
    oci::Spec spec = small_spec();
    spec.linux_->sysctl = {{name, "1"}};
    EXPECT_THAT(error_of(resolve_spec(spec)), HasSubstr("not a sysctl name")) << name;
  }
}

TEST(ResolveSysctl, RefusesTwoValuesForOneName) {
  oci::Spec spec = small_spec();
  spec.linux_->sysctl = {{"net.ipv4.ip_forward", "1"}, {"net/ipv4/ip_forward", "0"}};
  EXPECT_THAT(error_of(resolve_spec(spec)), HasSubstr("given twice"));
}

TEST(ResolveNetDevices, KeepTheirNameUnlessToldOtherwise) {
  oci::Spec spec = small_spec();
  spec.linux_->net_devices = {{"eth1", ""}, {"eth2", "lan0"}};
  EXPECT_THAT(resolve_spec(spec)->net_devices,
              ElementsAre(Pair("eth1", "eth1"), Pair("eth2", "lan0")));
  spec.linux_->namespaces = {{"user", ""}};
  spec.linux_->uid_mappings = spec.linux_->gid_mappings = {{0, 1000, 1}};
  EXPECT_EQ(error_of(resolve_under(spec, rootless_host())),
            "network devices are not supported for rootless containers");
}

}  // namespace
}  // namespace redoubt::policy
