#include "sandbox/cgroup_hierarchy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::sandbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ProcCgroups, ReadsTheUnifiedPath) {
  const ProcCgroups found = parse_proc_cgroups("0::/user.slice/session-1.scope\n");
  EXPECT_EQ(found.path, "/user.slice/session-1.scope");
  EXPECT_THAT(found.v1_controllers, IsEmpty());
}

TEST(ProcCgroups, ListsControllersThatVersionOneHolds) {
  const ProcCgroups found = parse_proc_cgroups(
      "12:cpu,cpuacct:/a\n9:name=systemd:/b\n4:memory:/process:with:colons\n0::/c:d\n");
  EXPECT_EQ(found.path, "/c:d");
  EXPECT_THAT(found.v1_controllers, ElementsAre("cpu", "cpuacct", "memory"));
}

TEST(ProcCgroups, WithoutUnifiedHierarchyHasNoPath) {
  EXPECT_EQ(parse_proc_cgroups("4:memory:/a\n").path, "");
  EXPECT_EQ(parse_proc_cgroups("").path, "");
  EXPECT_EQ(parse_proc_cgroups("garbage\n0:\n").path, "");
}

struct DirectoryCase {
  const char *own, *path, *id, *expected;
};

class CgroupDirectoryFor : public ::testing::TestWithParam<DirectoryCase> {};

TEST_P(CgroupDirectoryFor, FollowsTheContract) {
  const DirectoryCase& c = GetParam();
  EXPECT_EQ(cgroup_directory_for("/sys/fs/cgroup", c.own, c.path, c.id), c.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Paths,
    CgroupDirectoryFor,
    ::testing::Values(
        // Absolute: below the mount.
        DirectoryCase{"/own", "/docker/1234", "id", "/sys/fs/cgroup/docker/1234"},
        DirectoryCase{"/own", "//a/./b//c/", "id", "/sys/fs/cgroup/a/b/c"},
        DirectoryCase{"/own", "/", "id", "/sys/fs/cgroup"},
        // ".." never leads above the mount.
        DirectoryCase{"/own", "/../../etc", "id", "/sys/fs/cgroup/etc"},
        DirectoryCase{"/user.slice/own", "../../../x", "id", "/sys/fs/cgroup/user.slice/x"},
        DirectoryCase{"/../outside/own", "x", "id", "/sys/fs/cgroup/outside/x"},
        // Relative or missing: beside the own cgroup.
        DirectoryCase{"/user.slice/own", "rel/path", "id", "/sys/fs/cgroup/user.slice/rel/path"},
        DirectoryCase{"/user.slice/own", "", "box", "/sys/fs/cgroup/user.slice/box"},
        // The own cgroup is the root, or unknown.
        DirectoryCase{"/", "", "box", "/sys/fs/cgroup/box"},
        DirectoryCase{"", "", "box", "/sys/fs/cgroup/box"},
        // Without --systemd-cgroup the colon form is a name like any other.
        DirectoryCase{"/", "system.slice:docker:1", "id", "/sys/fs/cgroup/system.slice:docker:1"}));

}  // namespace
}  // namespace redoubt::sandbox
