#include "sandbox/intel_rdt.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::sandbox {
namespace {

using ::testing::HasSubstr;

plan::IntelRdt closid(const char* name) {
  plan::IntelRdt plan;
  plan.clos_id = name;
  return plan;
}

plan::IntelRdt schemata(const char* line) {
  plan::IntelRdt plan;
  plan.schemata = {line};
  return plan;
}

// A directory that looks like the resctrl file system; what the kernel would check, it does not.
class IntelRdtTest : public ::testing::Test {
 protected:
  IntelRdtTest() {
    char pattern[] = "/tmp/redoubt-resctrl-XXXXXX";
    mount_ = ::mkdtemp(pattern);
  }
  ~IntelRdtTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(mount_, ignored);
  }

  std::string mount_;
};

TEST_F(IntelRdtTest, IsRefusedWhereItIsNotMounted) {
  const Result<ResctrlGroup> group = create_resctrl_group({}, "c1", mount_);
  ASSERT_FALSE(group.has_value());
  EXPECT_EQ(group.error().kind(), ErrorKind::kUnsupported);
}

TEST_F(IntelRdtTest, ProbesCacheAndBandwidthApart) {
  std::filesystem::create_directories(mount_ + "/info/L3CODE");
  EXPECT_TRUE(probe_resctrl(mount_).mounted);
  EXPECT_TRUE(probe_resctrl(mount_).l3_cache);
  EXPECT_FALSE(probe_resctrl(mount_).memory_bandwidth);
  std::filesystem::create_directories(mount_ + "/info/MB");
  EXPECT_TRUE(probe_resctrl(mount_).memory_bandwidth);
}

TEST_F(IntelRdtTest, NamesTheGroupByIdOrClosIdAndKnowsWhoMadeIt) {
  std::filesystem::create_directories(mount_ + "/info");
  std::filesystem::create_directories(mount_ + "/shared");
  EXPECT_EQ(create_resctrl_group({}, "c1", mount_)->path, mount_ + "/c1");
  EXPECT_FALSE(create_resctrl_group(closid("shared"), "c1", mount_)->created);
  for (const char* bad : {"..", "a/b"}) {
    EXPECT_FALSE(create_resctrl_group(closid(bad), "c1", mount_).has_value()) << bad;
  }
  EXPECT_THAT(create_resctrl_group(closid("none"), "c1", mount_).error().message(),
              HasSubstr("does not exist"));
}

TEST_F(IntelRdtTest, LeavesNoGroupBehindWhenTheSchemataAreRefused) {
  std::filesystem::create_directories(mount_ + "/info");
  EXPECT_FALSE(create_resctrl_group(schemata("L3:0=f"), "c1", mount_).has_value())
      << "there is no schemata file";
  EXPECT_FALSE(std::filesystem::exists(mount_ + "/c1"));
}

TEST_F(IntelRdtTest, RemovesNothingThatIsNoGroup) {
  std::filesystem::create_directories(mount_ + "/c1");
  EXPECT_FALSE(remove_resctrl_group(mount_ + "/c1").has_value());
  EXPECT_TRUE(std::filesystem::exists(mount_ + "/c1"));
  EXPECT_TRUE(remove_resctrl_group(mount_ + "/gone").has_value());
}

}  // namespace
}  // namespace redoubt::sandbox
