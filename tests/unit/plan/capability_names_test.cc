#include "plan/capability_names.h"

#include <linux/capability.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::plan {
namespace {

TEST(CapabilityNames, AreThoseOfTheKernelHeader) {
  EXPECT_EQ(capability_names().size(), size_t{CAP_LAST_CAP} + 1);
  EXPECT_EQ(capability_number("CAP_CHOWN"), CAP_CHOWN);
  EXPECT_EQ(capability_number("CAP_SYS_ADMIN"), CAP_SYS_ADMIN);
  EXPECT_EQ(capability_number("CAP_SETFCAP"), CAP_SETFCAP);
  EXPECT_EQ(capability_number("CAP_AUDIT_READ"), CAP_AUDIT_READ);
  EXPECT_EQ(capability_number("CAP_CHECKPOINT_RESTORE"), CAP_CHECKPOINT_RESTORE);
}

TEST(CapabilityNames, AcceptsOnlyTheExactWord) {
  for (const char* name : {"", "CHOWN", "cap_chown", "CAP_CHOWN ", "CAP_", "CAP_41"}) {
    EXPECT_FALSE(capability_number(name).has_value()) << name;
  }
}

TEST(CapabilityNames, MaskAndNamesAreInverse) {
  uint64_t mask = 0;
  for (const std::string& name : capability_names_of(kAllCapabilities)) {
    mask |= uint64_t{1} << *capability_number(name);
  }
  EXPECT_EQ(mask, kAllCapabilities);
  EXPECT_THAT(capability_names_of(0), testing::IsEmpty());
  EXPECT_THAT(capability_names_of(uint64_t{1} << 63 | 1),
              testing::ElementsAre("CAP_CHOWN", "CAP_63"));
}

}  // namespace
}  // namespace redoubt::plan
