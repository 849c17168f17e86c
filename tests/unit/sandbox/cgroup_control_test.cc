#include "sandbox/cgroup_control.h"

#include <errno.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/cgroup_wait.h"
#include "sandbox/cgroup_walk.h"
#include "temporary_cgroup.h"

namespace redoubt::sandbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(CgroupEvents, AreReadByName) {
  EXPECT_TRUE(parse_cgroup_events("populated 1\nfrozen 0\n").populated);
  EXPECT_FALSE(parse_cgroup_events("populated 1\nfrozen 0\n").frozen);
  EXPECT_TRUE(parse_cgroup_events("frozen 1\npopulated 0\nnew 1\n").frozen);
  EXPECT_FALSE(parse_cgroup_events("frozen 10\npopulated 11\n").populated);
}

TEST(IsFrozen, CountsItsOwnSwitchAndThatOfParents) {
  const TemporaryCgroup cgroup;
  cgroup.put("cgroup.events", "populated 1\nfrozen 0\n");
  cgroup.put("cgroup.freeze", "0\n");
  EXPECT_FALSE(*is_frozen(cgroup.path()));
  cgroup.put("cgroup.freeze", "1\n");
  EXPECT_TRUE(*is_frozen(cgroup.path()));
  cgroup.put("cgroup.freeze", "0\n");
  cgroup.put("cgroup.events", "populated 1\nfrozen 1\n");
  EXPECT_TRUE(*is_frozen(cgroup.path()));
}

TEST(CgroupControl, TreatsAMissingCgroupAsEmpty) {
  for (const std::string& gone : {std::string("/nonexistent/cgroup"), std::string()}) {
    EXPECT_FALSE(*is_populated(gone));
    EXPECT_FALSE(*is_frozen(gone));
    EXPECT_THAT(*cgroup_processes(gone), IsEmpty());
    EXPECT_TRUE(kill_cgroup(gone));
    EXPECT_TRUE(remove_cgroup(gone));
  }
}

TEST(SetFrozen, ThawsWhenFreezingTakesTooLong) {
  const TemporaryCgroup cgroup;
  cgroup.put("cgroup.events", "populated 1\nfrozen 0\n");
  cgroup.put("cgroup.freeze", "0");
  const Status status = set_frozen(cgroup.path(), true, 20);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().err(), ETIMEDOUT);
  EXPECT_EQ(cgroup.get("cgroup.freeze"), "0");
}

TEST(SetFrozen, SaysThatAParentIsFrozen) {
  const TemporaryCgroup cgroup;
  cgroup.put("cgroup.events", "populated 1\nfrozen 1\n");
  cgroup.put("cgroup.freeze", "1");
  const Status status = set_frozen(cgroup.path(), false, 20);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message(), HasSubstr("parent cgroup"));
  EXPECT_EQ(cgroup.get("cgroup.freeze"), "0");
}

TEST(SetFrozen, NeedsACgroup) {
  EXPECT_FALSE(set_frozen("", true));
}

TEST(KillCgroup, RefusesTheRootOfTheHierarchy) {
  const TemporaryCgroup root;  // no cgroup.events
  root.put("cgroup.procs", "1\n");
  root.put("cgroup.kill", "0");
  EXPECT_FALSE(kill_cgroup(root.path()));
  EXPECT_FALSE(remove_cgroup(root.path()));
  EXPECT_EQ(root.get("cgroup.kill"), "0");
}

TEST(KillCgroup, ReportsWhoSurvives) {
  const TemporaryCgroup cgroup;
  cgroup.put("cgroup.events", "populated 1\nfrozen 0\n");
  cgroup.put("cgroup.freeze", "1");
  cgroup.put("cgroup.kill", "0");
  cgroup.put("cgroup.procs", "4000001\n4000002\n");
  const Status status = kill_cgroup(cgroup.path(), 20);
  ASSERT_FALSE(status);
  EXPECT_EQ(cgroup.get("cgroup.kill"), "1");
  EXPECT_EQ(cgroup.get("cgroup.freeze"), "0");
  EXPECT_THAT(status.error().message(), HasSubstr("2 process(es) still alive"));
  EXPECT_THAT(status.error().message(), HasSubstr("first pid 4000001"));
}

TEST(CgroupProcesses, WalksDepthFirstAndSkipsOtherPidNamespaces) {
  const TemporaryCgroup cgroup;
  cgroup.put("cgroup.procs", "10\n0\n11\n");
  cgroup.put("b/cgroup.procs", "30\n");
  cgroup.put("a/cgroup.procs", "20\n");
  cgroup.put("a/deep/cgroup.procs", "21\n");
  EXPECT_THAT(*cgroup_processes(cgroup.path()), ElementsAre(10, 11, 20, 21, 30));
}

TEST(CgroupProcesses, RefusesBottomlessTrees) {
  const TemporaryCgroup cgroup;
  std::string path = cgroup.path();
  for (int i = 0; i <= kMaxCgroupDepth + 1; ++i) {
    path += "/d";
    ASSERT_TRUE(std::filesystem::create_directory(path));
  }
  EXPECT_FALSE(cgroup_processes(cgroup.path()));
}

TEST(RemoveCgroup, RemovesTheTreeBottomUp) {
  const TemporaryCgroup cgroup;
  std::filesystem::create_directories(cgroup.path() + "/c/a/b");
  std::filesystem::create_directories(cgroup.path() + "/c/d");
  ASSERT_TRUE(remove_cgroup(cgroup.path() + "/c"));
  EXPECT_FALSE(std::filesystem::exists(cgroup.path() + "/c"));
  EXPECT_TRUE(remove_cgroup(cgroup.path() + "/c"));
}

struct SubPathCase {
  const char* path;
  int err;  // 0: opens; -1: refused as a bad path
};

class OpenSubCgroup : public ::testing::TestWithParam<SubPathCase> {};

TEST_P(OpenSubCgroup, StaysBelowTheContainer) {
  const TemporaryCgroup cgroup;
  std::filesystem::create_directories(cgroup.path() + "/c/a/b");
  std::filesystem::create_directories(cgroup.path() + "/outside");
  std::filesystem::create_symlink("../outside", cgroup.path() + "/c/link");
  const SubPathCase& c = GetParam();
  const auto fd = open_sub_cgroup(cgroup.path() + "/c", c.path);
  EXPECT_EQ(fd.has_value(), c.err == 0) << c.path;
  if (!fd && c.err < 0) {
    EXPECT_EQ(fd.error().message(), std::string("bad sub cgroup path: ") + c.path);
  } else if (!fd) {
    EXPECT_EQ(fd.error().err(), c.err) << fd.error().message();
  }
}

INSTANTIATE_TEST_SUITE_P(Paths,
                         OpenSubCgroup,
                         ::testing::Values(SubPathCase{"/", 0},
                                           SubPathCase{"", 0},
                                           SubPathCase{"a", 0},
                                           SubPathCase{"/a/b/", 0},
                                           SubPathCase{"a/../a", 0},
                                           SubPathCase{"..", -1},
                                           SubPathCase{"../outside", -1},
                                           SubPathCase{"a/../../outside", -1},
                                           SubPathCase{"link", ELOOP},
                                           SubPathCase{"missing", ENOENT}));

}  // namespace
}  // namespace redoubt::sandbox
