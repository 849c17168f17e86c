#include <sys/mount.h>

#include <array>

#include "plan/mount_options.h"

namespace redoubt::plan {
namespace {

// mount(8), mount_setattr(2). "acl" is deliberately absent: MS_POSIXACL is not for user space, it
// is the file system's word.
constexpr auto kOptions = std::to_array<MountOption>({
    {"async", MountOptionKind::kSuperblock, 0, true, false},
    {"atime", MountOptionKind::kAccessTime, MOUNT_ATTR_NOATIME, true, false},
    {"bind", MountOptionKind::kBind, 0, false, false},
    {"defaults", MountOptionKind::kIgnored, 0, false, false},
    {"dev", MountOptionKind::kAttribute, MOUNT_ATTR_NODEV, true, false},
    {"diratime", MountOptionKind::kAttribute, MOUNT_ATTR_NODIRATIME, true, false},
    {"dirsync", MountOptionKind::kSuperblock, 0, false, false},
    {"exec", MountOptionKind::kAttribute, MOUNT_ATTR_NOEXEC, true, false},
    {"idmap", MountOptionKind::kExtension, 0, false, false},
    {"iversion", MountOptionKind::kSuperblock, 0, false, false},
    {"lazytime", MountOptionKind::kSuperblock, 0, false, false},
    {"loud", MountOptionKind::kIgnored, 0, false, false},
    {"mand", MountOptionKind::kSuperblock, 0, false, false},
    {"noatime", MountOptionKind::kAccessTime, MOUNT_ATTR_NOATIME, false, false},
    {"nodev", MountOptionKind::kAttribute, MOUNT_ATTR_NODEV, false, false},
    {"nodiratime", MountOptionKind::kAttribute, MOUNT_ATTR_NODIRATIME, false, false},
    {"noexec", MountOptionKind::kAttribute, MOUNT_ATTR_NOEXEC, false, false},
    {"noiversion", MountOptionKind::kSuperblock, 0, true, false},
    {"nolazytime", MountOptionKind::kSuperblock, 0, true, false},
    {"nomand", MountOptionKind::kSuperblock, 0, true, false},
    {"norelatime", MountOptionKind::kAccessTime, MOUNT_ATTR_RELATIME, true, false},
    {"nostrictatime", MountOptionKind::kAccessTime, MOUNT_ATTR_STRICTATIME, true, false},
    {"nosuid", MountOptionKind::kAttribute, MOUNT_ATTR_NOSUID, false, false},
    {"nosymfollow", MountOptionKind::kAttribute, MOUNT_ATTR_NOSYMFOLLOW, false, false},
    {"private", MountOptionKind::kPropagation, MS_PRIVATE, false, false},
    {"ratime", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_NOATIME, true, false},
    {"rbind", MountOptionKind::kBind, 0, false, true},
    {"rdev", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_NODEV, true, false},
    {"rdiratime", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_NODIRATIME, true, false},
    {"relatime", MountOptionKind::kAccessTime, MOUNT_ATTR_RELATIME, false, false},
    {"remount", MountOptionKind::kRemount, 0, false, false},
    {"rexec", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_NOEXEC, true, false},
    {"ridmap", MountOptionKind::kExtension, 0, false, true},
    {"rnoatime", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_NOATIME, false, false},
    {"rnodev", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_NODEV, false, false},
    {"rnodiratime", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_NODIRATIME, false, false},
    {"rnoexec", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_NOEXEC, false, false},
    {"rnorelatime", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_RELATIME, true, false},
    {"rnostrictatime", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_STRICTATIME, true, false},
    {"rnosuid", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_NOSUID, false, false},
    {"rnosymfollow", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_NOSYMFOLLOW, false, false},
    {"ro", MountOptionKind::kAttribute, MOUNT_ATTR_RDONLY, false, false},
    {"rprivate", MountOptionKind::kPropagation, MS_PRIVATE, false, true},
    {"rrelatime", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_RELATIME, false, false},
    {"rro", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_RDONLY, false, false},
    {"rrw", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_RDONLY, true, false},
    {"rshared", MountOptionKind::kPropagation, MS_SHARED, false, true},
    {"rslave", MountOptionKind::kPropagation, MS_SLAVE, false, true},
    {"rstrictatime", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_STRICTATIME, false, false},
    {"rsuid", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_NOSUID, true, false},
    {"rsymfollow", MountOptionKind::kRecursiveAttribute, MOUNT_ATTR_NOSYMFOLLOW, true, false},
    {"runbindable", MountOptionKind::kPropagation, MS_UNBINDABLE, false, true},
    {"rw", MountOptionKind::kAttribute, MOUNT_ATTR_RDONLY, true, false},
    {"shared", MountOptionKind::kPropagation, MS_SHARED, false, false},
    {"silent", MountOptionKind::kIgnored, 0, false, false},
    {"slave", MountOptionKind::kPropagation, MS_SLAVE, false, false},
    {"strictatime", MountOptionKind::kAccessTime, MOUNT_ATTR_STRICTATIME, false, false},
    {"suid", MountOptionKind::kAttribute, MOUNT_ATTR_NOSUID, true, false},
    {"symfollow", MountOptionKind::kAttribute, MOUNT_ATTR_NOSYMFOLLOW, true, false},
    {"sync", MountOptionKind::kSuperblock, 0, false, false},
    {"tmpcopyup", MountOptionKind::kExtension, 0, false, false},
    {"unbindable", MountOptionKind::kPropagation, MS_UNBINDABLE, false, false},
});

}  // namespace

std::span<const MountOption> mount_options() {
  return kOptions;
}

}  // namespace redoubt::plan
