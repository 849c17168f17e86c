// Making the directory of a cgroup, with controllers enabled down to it. Used by cgroup.cc.
#ifndef REDOUBT_SANDBOX_CGROUP_DIRECTORY_H_
#define REDOUBT_SANDBOX_CGROUP_DIRECTORY_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "plan/plan.h"
#include "sandbox/cgroup_hierarchy.h"

namespace redoubt::sandbox {

struct CgroupDirectory {
  UniqueFd fd;
  std::vector<std::string>
      created;  // what had to be made, outermost first; empty when the cgroup was there already
};

// mkdir -p below the mount. On failure nothing made here is left.
Result<CgroupDirectory> make_cgroup_directory(const std::string& mount,
                                              const std::string& directory);

// Removes directories that make_cgroup_directory made, innermost first; those that others use
// meanwhile stay.
void remove_created(const std::vector<std::string>& created);

// A controller that could not be enabled in a parent, and why.
struct RefusedController {
  std::string controller;
  std::string directory;
  int err = 0;
};

struct CgroupControllers {
  std::vector<std::string> available;  // in the container's cgroup
  std::vector<RefusedController> refused;
};

// Enables in every cgroup from the mount down to the parent of `directory` what the hierarchy has,
// so that limits and statistics work. Refusals are reported, not errors: only a controller that is
// needed matters. Everything enabled already (the usual case) costs two reads.
Result<CgroupControllers> enable_controllers(const std::string& mount,
                                             const std::string& directory);

// An error for the first limit whose controller is not there: names field, controller, cause and
// remedy. Values that ask for nothing need no controller.
Status check_controllers(const std::vector<plan::CgroupWrite>& writes,
                         const CgroupHierarchy& hierarchy,
                         const CgroupControllers& controllers);

// Gives the cgroup to `uid`: the directory and the files of /sys/kernel/cgroup/delegate
// (cgroups(7), "Cgroups delegation").
Status delegate_cgroup(int directory_fd, uid_t uid);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_CGROUP_DIRECTORY_H_
