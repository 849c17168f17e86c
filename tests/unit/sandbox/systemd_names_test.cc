#include "sandbox/systemd_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::sandbox {
namespace {

struct NamesCase {
  const char* path;
  bool rootless;
  const char *slice, *name, *unit, *cgroup;
};

class UnitNamesOf : public ::testing::TestWithParam<NamesCase> {};

TEST_P(UnitNamesOf, FollowTheContract) {
  const NamesCase& c = GetParam();
  auto names = parse_unit_names(c.path, "box", c.rootless);
  ASSERT_TRUE(names) << names.error().message();
  EXPECT_EQ(names->slice, c.slice);
  EXPECT_EQ(names->name, c.name);
  EXPECT_EQ(names->unit, c.unit);
  auto cgroup = unit_cgroup_path(*names, c.rootless ? "/user.slice/user@1000.service" : "/");
  ASSERT_TRUE(cgroup) << cgroup.error().message();
  EXPECT_EQ(*cgroup, c.cgroup);
}

INSTANTIATE_TEST_SUITE_P(
    Paths,
    UnitNamesOf,
    ::testing::Values(
        NamesCase{
            "", false, "system.slice", "box", "runc-box.scope", "/system.slice/runc-box.scope"},
        NamesCase{"system.slice:docker:1234",
                  false,
                  "system.slice",
                  "1234",
                  "docker-1234.scope",
                  "/system.slice/docker-1234.scope"},
        NamesCase{"a-b-c.slice:cri:x",
                  false,
                  "a-b-c.slice",
                  "x",
                  "cri-x.scope",
                  "/a.slice/a-b.slice/a-b-c.slice/cri-x.scope"},
        NamesCase{":podman:x",
                  false,
                  "system.slice",
                  "x",
                  "podman-x.scope",
                  "/system.slice/podman-x.scope"},
        NamesCase{"-:p:x", false, "-.slice", "x", "p-x.scope", "/p-x.scope"},
        NamesCase{"-.slice:p:x", false, "-.slice", "x", "p-x.scope", "/p-x.scope"},
        NamesCase{"machine.slice:p:machine-x.slice",
                  false,
                  "machine.slice",
                  "machine-x.slice",
                  "machine-x.slice",
                  "/machine.slice/machine-x.slice"},
        NamesCase{"",
                  true,
                  "user.slice",
                  "box",
                  "runc-box.scope",
                  "/user.slice/user@1000.service/user.slice/runc-box.scope"}));

TEST(ParseUnitNames, SaysWhatFormIsExpected) {
  for (const char* path : {"/docker/1234", "a:b", "a:b:c:d", ":"}) {
    auto names = parse_unit_names(path, "box", false);
    ASSERT_FALSE(names) << path;
    EXPECT_EQ(
        names.error().message(),
        "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got \"" +
            std::string(path) + "\" instead");
  }
}

TEST(ParseUnitNames, RefusesNamesThatAreNoUnits) {
  EXPECT_FALSE(parse_unit_names("system.slice:a/b:c", "box", false));
  EXPECT_FALSE(parse_unit_names("system.slice:p:../x", "box", false));
  EXPECT_FALSE(parse_unit_names("system.slice:p:" + std::string(300, 'x'), "box", false));
}

TEST(ExpandSlice, RefusesWhatSystemdRefuses) {
  for (const char* slice : {"",
                            ".slice",
                            "a",
                            "a.scope",
                            "/a.slice",
                            "a/b.slice",
                            "-a.slice",
                            "a--b.slice",
                            "a-.slice"}) {
    auto path = expand_slice(slice);
    ASSERT_FALSE(path) << slice;
    EXPECT_EQ(path.error().message(), std::string("invalid slice name: ") + slice);
  }
}

}  // namespace
}  // namespace redoubt::sandbox
