#include <sys/mount.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/specs.h"

namespace redoubt::policy {
namespace {

using plan::MountKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

oci::Mount entry(const char* destination,
                 const char* type,
                 const char* source,
                 std::vector<std::string> options) {
  oci::Mount mount;
  mount.destination = destination;
  mount.type = type;
  mount.source = source;
  mount.options = std::move(options);
  return mount;
}

Result<plan::Plan> resolve_with(const oci::Mount& mount) {
  oci::Spec spec = small_spec();
  spec.mounts = {mount};
  return resolve_spec(spec);
}

plan::Mount resolved(const oci::Mount& mount) {
  const auto plan = resolve_with(mount);
  EXPECT_TRUE(plan.has_value()) << error_of(plan);
  return plan ? plan->mounts.at(0) : plan::Mount{};
}

TEST(ResolveMounts, KindComesFromTypeAndOptions) {
  const struct {
    const char* type;
    const char* option;
    MountKind kind;
  } cases[] = {
      {"proc", "nosuid", MountKind::kProc},
      {"sysfs", "ro", MountKind::kSysfs},
      {"cgroup", "ro", MountKind::kCgroup},
      {"cgroup2", "ro", MountKind::kCgroup},
      {"tmpfs", "size=1m", MountKind::kFilesystem},
      {"mqueue", "nosuid", MountKind::kFilesystem},
      {"bind", "ro", MountKind::kBind},
      {"none", "rbind", MountKind::kBind},
      {"", "bind", MountKind::kBind},
      {"proc", "rbind", MountKind::kBind},
      {"sysfs", "bind", MountKind::kBind},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(resolved(entry("/x", c.type, "/src", {c.option})).kind, c.kind)
        << c.type << ' ' << c.option;
  }
}

TEST(ResolveMounts, BindSourceIsRelativeToTheBundle) {
  EXPECT_EQ(resolved(entry("/x", "bind", "conf/../data", {"bind"})).source, "/bundle/data");
  EXPECT_EQ(resolved(entry("/x", "bind", "/srv/", {"rbind"})).source, "/srv");
  EXPECT_TRUE(resolved(entry("/x", "bind", "/srv", {"rbind"})).recursive_bind);
  EXPECT_FALSE(resolved(entry("/x", "bind", "/srv", {"bind"})).recursive_bind);
  EXPECT_EQ(resolved(entry("/x", "tmpfs", "shm", {})).source, "shm");
}

TEST(ResolveMounts, RelativeDestinationIsTakenFromTheRootWithAWarning) {
  const auto plan = resolve_with(entry("a/../b", "tmpfs", "tmpfs", {}));
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_EQ(plan->mounts[0].destination, "/b");
  EXPECT_THAT(plan->warnings, ElementsAre(HasSubstr("mount destination a/../b is not absolute")));
}

TEST(ResolveMounts, EveryRestrictionIsInThePlan) {
  const plan::Mount mount =
      resolved(entry("/x", "tmpfs", "tmpfs", {"ro", "nosuid", "nodev", "noexec", "nosymfollow"}));
  EXPECT_EQ(mount.attr_set,
            uint64_t{MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
                     MOUNT_ATTR_NOSYMFOLLOW});
}

TEST(ResolveMounts, ReadOnlyReachesOnlyOwnSuperblocks) {
  for (const char* type : {"proc", "sysfs", "cgroup", "mqueue", "tmpfs"}) {
    const plan::Mount mount = resolved(entry("/x", type, type, {"ro"}));
    EXPECT_THAT(mount.data, IsEmpty()) << type;
    EXPECT_EQ(mount.attr_set, uint64_t{MOUNT_ATTR_RDONLY}) << type;
  }
  EXPECT_THAT(resolved(entry("/x", "ext4", "/dev/sda", {"noload", "ro", "sync"})).data,
              ElementsAre("ro", "sync", "noload"));
}

TEST(ResolveMounts, BindWithFlagsSaysWhatTheMountIs) {
  const plan::Mount plain = resolved(entry("/x", "bind", "/src", {"rbind", "rprivate"}));
  EXPECT_EQ(plain.attr_clear_unlocked, 0U);
  const plan::Mount ro = resolved(entry("/x", "bind", "/src", {"rbind", "ro", "dev"}));
  EXPECT_EQ(ro.attr_set, uint64_t{MOUNT_ATTR_RDONLY});
  EXPECT_EQ(ro.attr_clear, uint64_t{MOUNT_ATTR_NODEV});
  EXPECT_EQ(ro.attr_clear_unlocked,
            uint64_t{MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW});
  EXPECT_EQ(resolved(entry("/x", "bind", "/src", {"bind", "remount", "ro"})).attr_clear_unlocked,
            0U);
}

TEST(ResolveMounts, RefusesFileSystemOptionsOnBinds) {
  EXPECT_EQ(error_of(resolve_with(entry("/x", "bind", "/src", {"rbind", "size=1m", "mode=7"}))),
            "mounts[0] \"/x\": bind mounts cannot have any filesystem-specific options applied: "
            "\"size=1m,mode=7\"");
  EXPECT_THAT(resolved(entry("/x", "bind", "/src", {"rbind", "sync", "defaults"})).data, IsEmpty());
}

TEST(ResolveMounts, NeedsATypeOrABind) {
  EXPECT_THAT(error_of(resolve_with(entry("/x", "", "/src", {}))),
              HasSubstr("mounts[0] \"/x\": no file system type"));
  EXPECT_THAT(error_of(resolve_with(entry("/x", "none", "/src", {"ro"}))), HasSubstr("not a bind"));
  EXPECT_THAT(error_of(resolve_with(entry("/x", "tmpfs", "tmpfs", {"remount"}))),
              HasSubstr("remount"));
}

TEST(ResolveMounts, LastPropagationWordDecides) {
  const plan::Mount mount = resolved(entry("/x", "bind", "/src", {"rbind", "rslave", "shared"}));
  EXPECT_EQ(mount.propagation, uint64_t{MS_SHARED});
  EXPECT_FALSE(mount.recursive_propagation);
  EXPECT_EQ(resolved(entry("/x", "bind", "/src", {"rbind"})).propagation, 0U);
}

TEST(ResolveMounts, RecursiveAttributesAndExtensions) {
  const plan::Mount mount =
      resolved(entry("/x", "tmpfs", "tmpfs", {"rro", "rnodev", "tmpcopyup", "mode=1777"}));
  EXPECT_EQ(mount.rec_attr_set, uint64_t{MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV});
  EXPECT_EQ(mount.attr_set, 0U);
  EXPECT_TRUE(mount.tmpcopyup);
  EXPECT_THAT(mount.data, ElementsAre("mode=1777"));
}

TEST(ResolveMounts, KeepsOrderAndIndex) {
  oci::Spec spec = small_spec();
  spec.mounts = {entry("/b", "tmpfs", "tmpfs", {}),
                 entry("/a", "tmpfs", "tmpfs", {}),
                 entry("/b", "proc", "proc", {})};
  const auto plan = resolve_spec(spec);
  ASSERT_TRUE(plan.has_value());
  ASSERT_EQ(plan->mounts.size(), 3U);
  EXPECT_EQ(plan->mounts[1].destination, "/a");
  EXPECT_EQ(plan->mounts[2].spec_index, 2U);
}

TEST(ResolveMounts, LabelNeedsSelinux) {
  oci::Spec spec = small_spec();
  spec.linux_->mount_label = "system_u:object_r:container_file_t:s0";
  EXPECT_EQ(resolve_spec(spec)->mount_label, spec.linux_->mount_label);
  plan::HostFacts host = capable_host();
  host.selinux_enabled = false;
  EXPECT_THAT(error_of(resolve_under(spec, host)), HasSubstr("linux.mountLabel"));
}

class ResolveIdmap : public testing::Test {
 protected:
  ResolveIdmap() { spec_.mounts = {entry("/x", "bind", "/src", {"rbind", "ridmap"})}; }
  oci::Spec spec_ = small_spec();
};

TEST_F(ResolveIdmap, TakesOwnMappings) {
  spec_.mounts[0].uid_mappings = {{0, 1000, 5}};
  spec_.mounts[0].gid_mappings = {{0, 2000, 6}};
  const auto plan = resolve_spec(spec_);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_TRUE(plan->mounts[0].idmap && plan->mounts[0].recursive_idmap);
  EXPECT_EQ(plan->mounts[0].idmaps.gid.at(0).host_id, 2000U);
}

TEST_F(ResolveIdmap, ImpliesTheContainersUserNamespace) {
  spec_.linux_->namespaces = {{"user", "/proc/1/ns/user"}};
  const auto plan = resolve_spec(spec_);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_TRUE(plan->mounts[0].idmap);
  EXPECT_TRUE(plan->mounts[0].idmaps.empty());
}

TEST_F(ResolveIdmap, RefusesWhatCannotBeMapped) {
  EXPECT_THAT(error_of(resolve_spec(spec_)), HasSubstr("must have both uid and gid mappings"));
  spec_.linux_->namespaces = {{"user", ""}};
  spec_.mounts[0].uid_mappings = {{0, 1000, 5}};
  EXPECT_THAT(error_of(resolve_spec(spec_)), HasSubstr("must have both uid and gid mappings"));
  spec_.mounts = {entry("/x", "tmpfs", "tmpfs", {"idmap"})};
  EXPECT_THAT(error_of(resolve_spec(spec_)), HasSubstr("only supported for bind-mounts"));
  spec_.mounts = {entry("/x", "bind", "/src", {"bind", "idmap"})};
  spec_.linux_->uid_mappings = spec_.linux_->gid_mappings = {{0, 1000, 1}};
  EXPECT_THAT(error_of(resolve_under(spec_, rootless_host())),
              HasSubstr("not supported for rootless containers"));
}

TEST(ResolveMounts, RootlessOwnerWordsMustBeMapped) {
  oci::Spec spec = small_spec();
  spec.linux_->namespaces = {{"user", ""}};
  spec.linux_->uid_mappings = spec.linux_->gid_mappings = {{0, 1000, 1}};
  spec.mounts = {entry("/dev/pts", "devpts", "devpts", {"newinstance", "gid=5"})};
  EXPECT_THAT(
      error_of(resolve_under(spec, rootless_host())),
      HasSubstr("cannot specify gid= mount options for unmapped gid in rootless containers"));
  EXPECT_TRUE(resolve_spec(spec).has_value());
  spec.linux_->gid_mappings.push_back({5, 100005, 1});
  EXPECT_TRUE(resolve_under(spec, rootless_host()).has_value());
}

}  // namespace
}  // namespace redoubt::policy
