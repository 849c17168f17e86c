// A container's cgroup as a handle on its processes: frozen or not, populated or not, who is in it,
// kill all, remove.
//
// Every function takes the absolute directory that CgroupScope::directory() gave, and "" (a
// container without a cgroup) is accepted where that has a sensible answer. A cgroup that
// disappears in between counts as empty. Waiting is poll(2) on cgroup.events with a deadline, never
// a loop of sleeps. The root of a hierarchy is refused: it has no cgroup.events. Called by the
// verbs pause, resume, kill, delete, ps, state and by the launcher's clean-up.
#ifndef REDOUBT_SANDBOX_CGROUP_CONTROL_H_
#define REDOUBT_SANDBOX_CGROUP_CONTROL_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::sandbox {

inline constexpr int kFreezeTimeoutMs = 10'000;
inline constexpr int kKillTimeoutMs = 10'000;
inline constexpr int kRemoveTimeoutMs = 2'000;

struct CgroupEvents {
  bool populated = false;
  bool frozen = false;
};

CgroupEvents parse_cgroup_events(std::string_view text);

// cgroup.events of an open cgroup directory.
Result<CgroupEvents> read_cgroup_events(int directory_fd);

// The directory itself, for *at calls, CLONE_INTO_CGROUP and BPF. err() ENOENT when it is gone.
Result<UniqueFd> open_cgroup(const std::string& directory);

// Freezes or thaws (cgroup.freeze) and waits until the kernel says so. Whatever fails, the cgroup
// is left thawed.
Status set_frozen(const std::string& directory, bool frozen, int timeout_ms = kFreezeTimeoutMs);

// Frozen by its own switch or through an ancestor. Gone: false.
Result<bool> is_frozen(const std::string& directory);

// Whether a living process is in the cgroup or below. Gone: false.
Result<bool> is_populated(const std::string& directory);

// Kills everything in the cgroup and below, thaws it and waits until nobody is left. Still
// populated at the deadline: an error that says how many and names one.
Status kill_cgroup(const std::string& directory, int timeout_ms = kKillTimeoutMs);

// Removes the directory and those below, and the systemd unit when `unit` is not empty (`rootless`:
// of the user's manager). Gone already: no error. Precondition: the processes are killed;
// stragglers get until the deadline.
Status remove_cgroup(const std::string& directory,
                     const std::string& unit = {},
                     bool rootless = false,
                     int timeout_ms = kRemoveTimeoutMs);

// Process ids of the cgroup and of those below, in the order of a depth-first walk by name. Gone:
// empty.
Result<std::vector<pid_t>> cgroup_processes(const std::string& directory);

// A cgroup below the container's, for exec --cgroup. A path that leaves it: "bad sub cgroup path:
// X".
Result<UniqueFd> open_sub_cgroup(const std::string& directory, const std::string& sub_path);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_CGROUP_CONTROL_H_
