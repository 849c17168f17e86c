// The clone: a child that shares our memory until it executes redoubt-init (as vfork(2) does, so
// that no page table is copied), born in its namespaces and its cgroup, with a pidfd that names it
// for good.
#ifndef REDOUBT_LAUNCH_SPAWN_H_
#define REDOUBT_LAUNCH_SPAWN_H_

#include <sys/types.h>

#include "base/result.h"
#include "base/unique_fd.h"
#include "init/prepare.h"

namespace redoubt::launch {

struct SpawnedChild {
  pid_t pid = 0;
  UniqueFd pidfd;
  bool in_cgroup = false;  // born in cgroup_fd
  bool awaits_parent = true;  // PreparedInit::awaits_parent, or born beside its cgroup
};

// `image_fd`: the sealed program (init/image.h). `cgroup_fd`: -1, or the directory to be born in;
// where the kernel refuses that (a delegation boundary, an older kernel) the child is made beside
// and in_cgroup is false.
Result<SpawnedChild> spawn_init(const init::PreparedInit& prepared, int image_fd, int cgroup_fd);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_SPAWN_H_
