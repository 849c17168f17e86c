// Where this host has cgroup v2, and which controllers cgroup v1 keeps from it.
//
// cgroup v2 is the only mechanism for limits. Where v1 is mounted beside it (hybrid: v2 at
// /sys/fs/cgroup/unified) containers are still tracked, frozen, killed and device-filtered through
// v2; only a limit whose controller v1 holds is refused. The pure v2 case, which is the usual one,
// costs one statfs(2). Called by cgroup.cc, by the host probe and by `features`.
#ifndef REDOUBT_SANDBOX_CGROUP_HIERARCHY_H_
#define REDOUBT_SANDBOX_CGROUP_HIERARCHY_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace redoubt::sandbox {

// A cgroup v2 hierarchy as this host offers it.
struct CgroupHierarchy {
  std::string mount;  // "/sys/fs/cgroup" or "/sys/fs/cgroup/unified"
  bool hybrid = false;
  std::vector<std::string> v1_controllers;  // bound to v1; filled when hybrid
};

// No cgroup v2 at all: an error of kind kUnsupported.
Result<CgroupHierarchy> find_cgroup_hierarchy();

// What /proc/PID/cgroup says (cgroups(7)): the path in the v2 hierarchy ("0::" line; empty when
// there is none) and the controllers that are bound to v1.
struct ProcCgroups {
  std::string path;
  std::vector<std::string> v1_controllers;
};

ProcCgroups parse_proc_cgroups(std::string_view text);
Result<ProcCgroups> read_own_cgroups();

// The directory of the container's cgroup for the filesystem driver: `cgroups_path`
// (linux.cgroupsPath) cleaned, an absolute one below the mount, a relative or missing one (then
// `id`) beside the caller's own cgroup. ".." never leads above the mount.
std::string cgroup_directory_for(const std::string& mount,
                                 std::string_view own_path,
                                 std::string_view cgroups_path,
                                 std::string_view id);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_CGROUP_HIERARCHY_H_
