#include "sandbox/cgroup_hierarchy.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::sandbox {
namespace {

constexpr char kPureMount[] = "/sys/fs/cgroup";
constexpr char kHybridMount[] = "/sys/fs/cgroup/unified";

bool is_cgroup2(const char* path) {
  struct statfs fs = {};
  return ::statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

// "/" + path without ".." that would lead above it.
std::string rooted(std::string_view path) {
  return clean_path(concat("/", path));
}

}  // namespace

Result<CgroupHierarchy> find_cgroup_hierarchy() {
  if (is_cgroup2(kPureMount)) {
    return CgroupHierarchy{kPureMount, false, {}};
  }
  if (!is_cgroup2(kHybridMount)) {
    return Error::unsupported(
        "cgroup v2 is mounted neither at /sys/fs/cgroup nor at /sys/fs/cgroup/unified; limits and "
        "tracking need it: boot with "
        "systemd.unified_cgroup_hierarchy=1 or mount cgroup2 there");
  }
  TRY_ASSIGN(ProcCgroups own, read_own_cgroups());
  return CgroupHierarchy{kHybridMount, true, std::move(own.v1_controllers)};
}

ProcCgroups parse_proc_cgroups(std::string_view text) {
  ProcCgroups found;
  for (const std::string& line : split(text, '\n')) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) {
      continue;
    }
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (controllers.empty() && line.compare(0, first, "0") == 0) {
      found.path = line.substr(second + 1);
    }
    for (std::string& controller : split(controllers, ',')) {
      // "name=systemd" is a hierarchy without controllers.
      if (!controller.empty() && controller.find('=') == std::string::npos) {
        found.v1_controllers.push_back(std::move(controller));
      }
    }
  }
  return found;
}

Result<ProcCgroups> read_own_cgroups() {
  TRY_ASSIGN(const std::string text, read_kernel_file_at(AT_FDCWD, "/proc/self/cgroup"));
  return parse_proc_cgroups(text);
}

std::string cgroup_directory_for(const std::string& mount,
                                 std::string_view own_path,
                                 std::string_view cgroups_path,
                                 std::string_view id) {
  if (!cgroups_path.empty() && cgroups_path.front() == '/') {
    return clean_path(concat(mount, rooted(cgroups_path)));
  }
  // Beside, not below: the own cgroup has processes, so its children could not get controllers (no
  // internal process rule).
  const std::string parent = rooted(concat(rooted(own_path), "/.."));
  return clean_path(concat(mount, parent, rooted(cgroups_path.empty() ? id : cgroups_path)));
}

}  // namespace redoubt::sandbox
