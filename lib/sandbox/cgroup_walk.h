// A cgroup and those below it, visited by descriptor. Used inside lib/sandbox only.
#ifndef REDOUBT_SANDBOX_CGROUP_WALK_H_
#define REDOUBT_SANDBOX_CGROUP_WALK_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/cgroup_wait.h"

namespace redoubt::sandbox {

// Deeper trees are refused instead of followed: a container may nest as it likes (cgroup.max.depth
// is unlimited by default).
inline constexpr int kMaxCgroupDepth = 256;

// Names of the child cgroups, sorted. Gone: empty.
Result<std::vector<std::string>> child_cgroups(int directory_fd);

// Ids of the processes directly in this cgroup; those that our pid namespace cannot see are left
// out. Gone: empty.
Result<std::vector<pid_t>> direct_processes(int directory_fd);

// Processes of the cgroup and of all below.
Status collect_processes(int directory_fd, std::vector<pid_t>& out, int depth = 0);

// rmdir of everything below the directory, not of itself.
Status remove_children(int directory_fd, const Deadline& deadline, int depth = 0);

// rmdir `name` in `parent_fd`; while it is busy, waits for its processes to go and for the kernel
// to let go.
Status remove_one(int parent_fd, const std::string& name, const Deadline& deadline);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_CGROUP_WALK_H_
