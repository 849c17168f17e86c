// Destroying a container: everything that `create` made, undone from the record alone. Called by
// delete, by the launcher when a create fails and by a foreground run at its end.
#ifndef REDOUBT_LAUNCH_DESTROY_H_
#define REDOUBT_LAUNCH_DESTROY_H_

#include "base/result.h"
#include "runc-compat/state/container_dir.h"
#include "runc-compat/state/record.h"

namespace redoubt::launch {

inline constexpr int kExitTimeoutMs = 10'000;

// Kills what is left of the container, removes its cgroup and systemd unit, its resctrl group and
// its state directory, then runs the poststop hooks, whose failures are logged and nothing more.
// Whatever is gone already is no error, and a record of Phase::kIntent is enough. A process is
// killed only if it is provably the container's (start time, cgroup inode). When a step before the
// removal of the state directory fails, the container is still there and can be destroyed again.
// Precondition: the directory is locked by the caller.
Status destroy_container(state::ContainerDir& dir, const state::Record& record);

// SIGKILL to the container, waits for its init (at most kExitTimeoutMs) and destroys it.
// Survivor: "container init still running".
Status kill_and_destroy_container(state::ContainerDir& dir, const state::Record& record);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_DESTROY_H_
