#include "sandbox/cgroup_directory.h"

#include <errno.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_cgroup.h"

namespace redoubt::sandbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(MakeCgroupDirectory, MakesMissingParentsAndNamesWhatItMade) {
  const TemporaryCgroup root;
  auto first = make_cgroup_directory(root.path(), root.path() + "/a/b/c");
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_TRUE(first->fd.valid());
  EXPECT_THAT(first->created,
              ElementsAre(root.path() + "/a", root.path() + "/a/b", root.path() + "/a/b/c"));

  auto sibling = make_cgroup_directory(root.path(), root.path() + "/a/b/d");
  ASSERT_TRUE(sibling);
  EXPECT_THAT(sibling->created, ElementsAre(root.path() + "/a/b/d"));

  auto again = make_cgroup_directory(root.path(), root.path() + "/a/b/c");
  ASSERT_TRUE(again);
  EXPECT_THAT(again->created, IsEmpty());
}

TEST(MakeCgroupDirectory, RefusesTheRootAndPlacesOutside) {
  const TemporaryCgroup root;
  EXPECT_FALSE(make_cgroup_directory(root.path(), root.path()));
  EXPECT_FALSE(make_cgroup_directory(root.path(), root.path() + "x/y"));
  EXPECT_FALSE(make_cgroup_directory(root.path(), "/elsewhere/entirely/and/longer/than/the/mount"));
}

TEST(MakeCgroupDirectory, LeavesNothingBehindOnFailure) {
  const TemporaryCgroup root;
  root.put("file", "");
  auto made = make_cgroup_directory(root.path(), root.path() + "/new/../file/x");
  EXPECT_FALSE(made);
  EXPECT_FALSE(std::filesystem::exists(root.path() + "/new"));
}

TEST(RemoveCreated, KeepsDirectoriesThatOthersUse) {
  const TemporaryCgroup root;
  auto made = make_cgroup_directory(root.path(), root.path() + "/a/b");
  ASSERT_TRUE(made);
  std::filesystem::create_directory(root.path() + "/a/other");
  errno = EPERM;
  remove_created(made->created);
  EXPECT_EQ(errno, EPERM);
  EXPECT_FALSE(std::filesystem::exists(root.path() + "/a/b"));
  EXPECT_TRUE(std::filesystem::exists(root.path() + "/a/other"));
}

TEST(EnableControllers, AddsWhatIsMissingInEveryParent) {
  const TemporaryCgroup root;
  root.put("cgroup.controllers", "cpu memory pids\n");
  root.put("cgroup.subtree_control", "cpu memory pids\n");
  root.put("a/cgroup.controllers", "cpu memory pids\n");
  root.put("a/cgroup.subtree_control", "memory\n");
  root.put("a/b/cgroup.controllers", "memory\n");
  root.put("a/b/cgroup.subtree_control", "");
  auto controllers = enable_controllers(root.path(), root.path() + "/a/b");
  ASSERT_TRUE(controllers) << controllers.error().message();
  EXPECT_EQ(root.get("a/cgroup.subtree_control"), "+cpu +pids");
  EXPECT_EQ(root.get("cgroup.subtree_control"), "cpu memory pids\n");
  // The container's own cgroup passes nothing on: it has processes.
  EXPECT_EQ(root.get("a/b/cgroup.subtree_control"), "");
}

TEST(EnableControllers, DoesNothingWhenAllAreThere) {
  const TemporaryCgroup root;
  root.put("cgroup.controllers", "cpu memory\n");
  root.put("a/b/cgroup.controllers", "cpu memory\n");
  auto controllers = enable_controllers(root.path(), root.path() + "/a/b");
  ASSERT_TRUE(controllers);
  EXPECT_THAT(controllers->available, ElementsAre("cpu", "memory"));
  EXPECT_THAT(controllers->refused, IsEmpty());
}

class CheckControllers : public ::testing::Test {
 protected:
  CgroupHierarchy hybrid_{"/sys/fs/cgroup/unified", true, {"memory", "blkio"}};
  CgroupControllers controllers_{{"cpu"}, {{"pids", "/sys/fs/cgroup/unified/a", EBUSY}}};

  std::string message(const plan::CgroupWrite& write) const {
    const Status status = check_controllers({write}, hybrid_, controllers_);
    return status ? "" : status.error().message();
  }
};

TEST_F(CheckControllers, NamesFieldControllerAndRemedyOfOneBoundToVersionOne) {
  const std::string text = message({"memory.max", "1048576", "linux.resources.memory.limit"});
  EXPECT_THAT(text, HasSubstr("linux.resources.memory.limit: cgroup controller \"memory\""));
  EXPECT_THAT(text, HasSubstr("systemd.unified_cgroup_hierarchy=1"));
  EXPECT_THAT(message({"io.max", "8:0 rbps=1", "f"}), HasSubstr("bound to cgroup v1"));
}

TEST_F(CheckControllers, ExplainsARefusalByTheKernel) {
  EXPECT_THAT(message({"pids.max", "5", "linux.resources.pids.limit"}),
              HasSubstr("device or resource busy (processes live in that cgroup"));
}

TEST_F(CheckControllers, UsesTheWordsForUnified) {
  EXPECT_THAT(
      message({"foo.max", "5", "linux.resources.unified[\"foo.max\"]"}),
      HasSubstr("unified resource \"foo.max\" can't be set: controller \"foo\" not available"));
}

TEST_F(CheckControllers, NeedsNoneForValuesThatAskForNothing) {
  EXPECT_EQ(message({"memory.max", "max", "f"}), "");
  EXPECT_EQ(message({"pids.max", "max", "f"}), "");
  EXPECT_EQ(message({"cgroup.max.depth", "3", "f"}), "");
  EXPECT_EQ(message({"cpu.max", "1000 2000", "f"}), "");
}

}  // namespace
}  // namespace redoubt::sandbox
