// Names of systemd units for containers: linux.cgroupsPath "slice:prefix:name" -> slice, unit and
// cgroup path. Pure.
#ifndef REDOUBT_SANDBOX_SYSTEMD_NAMES_H_
#define REDOUBT_SANDBOX_SYSTEMD_NAMES_H_

#include <string>
#include <string_view>

#include "base/result.h"

namespace redoubt::sandbox {

struct UnitNames {
  std::string slice;  // "system.slice"; "-.slice" for the root
  std::string name;   // of the container, for the description
  std::string unit;   // "docker-1234.scope", or the name itself when it ends in .slice
};

// An empty path is ":runc:<id>". The default slice is system.slice, rootless user.slice.
Result<UnitNames> parse_unit_names(std::string_view cgroups_path,
                                   std::string_view id,
                                   bool rootless);

// "a-b.slice" -> "/a.slice/a-b.slice"; "-.slice" -> "/".
Result<std::string> expand_slice(std::string_view slice);

// Path of the unit's cgroup below the mount; `manager_cgroup` is "" or "/" for the system manager.
Result<std::string> unit_cgroup_path(const UnitNames& names, std::string_view manager_cgroup);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SYSTEMD_NAMES_H_
