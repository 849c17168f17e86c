// Resource control groups (Intel RDT, AMD QoS): shares of the L3 cache and of memory bandwidth
// through the resctrl file system (Documentation/arch/x86/resctrl.rst). A container with
// linux.intelRdt is in a group of its own, named by its id, or in the existing or new group of its
// closID. Called by the launcher, by `update` and by the destruction of a container.
#ifndef REDOUBT_SANDBOX_INTEL_RDT_H_
#define REDOUBT_SANDBOX_INTEL_RDT_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace redoubt::sandbox {

inline constexpr char kResctrlMount[] = "/sys/fs/resctrl";

struct ResctrlSupport {
  bool mounted = false;
  bool l3_cache = false;  // allocation of the L3 cache (CAT), with or without code/data priority
  bool memory_bandwidth = false;  // MBA
};

ResctrlSupport probe_resctrl(const std::string& mount = kResctrlMount);

struct ResctrlGroup {
  std::string path;
  // False for the group of a closID that existed before: it is shared and must not be removed with
  // the container.
  bool created = false;
};

// Makes or finds the group and writes the schemata. Nothing is left behind on failure.
// Not mounted: unsupported. A closID without schemata must exist already (config-linux.md,
// "IntelRdt").
Result<ResctrlGroup> create_resctrl_group(const plan::IntelRdt& plan,
                                          const std::string& id,
                                          const std::string& mount = kResctrlMount);

// create and join in one. Returns the path of the group when it was made for this container, ""
// when it is shared: what state::Record::intel_rdt_path wants.
Result<std::string> join_intel_rdt(const plan::IntelRdt& plan, const std::string& id, pid_t pid);

// Moves a process (before it has children) into the group.
Status join_resctrl_group(const std::string& path, pid_t pid);

// One write a line: "L3:0=f;1=f", "MB:0=50".
Status write_resctrl_schemata(const std::string& path, const std::vector<std::string>& lines);

// Gone already: no error. Refuses a directory that is not on a resctrl file system.
Status remove_resctrl_group(const std::string& path);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_INTEL_RDT_H_
