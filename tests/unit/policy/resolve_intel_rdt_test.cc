#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/specs.h"

namespace redoubt::policy {
namespace {

using testing::ElementsAre;

plan::IntelRdt resolved(const oci::IntelRdt& rdt) {
  oci::Spec spec = small_spec();
  spec.linux_->intel_rdt = rdt;
  return *resolve_spec(spec)->intel_rdt;
}

TEST(ResolveIntelRdt, AbsentSectionIsNoGroup) {
  EXPECT_FALSE(resolve_spec(small_spec())->intel_rdt.has_value());
}

TEST(ResolveIntelRdt, BandwidthSchemaReplacesBandwidthLines) {
  oci::IntelRdt rdt;
  rdt.clos_id = "g";
  rdt.l3_cache_schema = "L3:0=f\nMB:0=10\nL3CODE:0=1\n";
  EXPECT_THAT(resolved(rdt).schemata, ElementsAre("L3:0=f", "MB:0=10", "L3CODE:0=1"));
  rdt.mem_bw_schema = "MB:0=20";
  rdt.schemata = {"L2:0=3"};
  EXPECT_THAT(resolved(rdt).schemata, ElementsAre("L3:0=f", "L3CODE:0=1", "MB:0=20", "L2:0=3"));
  EXPECT_EQ(resolved(rdt).clos_id, "g");
}

TEST(ResolveIntelRdt, OldMonitoringFlagsCount) {
  oci::IntelRdt rdt;
  EXPECT_FALSE(resolved(rdt).enable_monitoring);
  rdt.enable_mbm = true;
  EXPECT_TRUE(resolved(rdt).enable_monitoring);
}

}  // namespace
}  // namespace redoubt::policy
