// Landlock for the children of redoubt-vm: the file trees that each may use, no TCP, no signals and no
// abstract sockets out of its domain, as far as this kernel has them (Documentation/userspace-api/
// landlock.rst). Its domain also forbids mounting. A kernel without Landlock leaves the other walls.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_LANDLOCK_H_
#define REDOUBT_ESCALATE_VM_MONITOR_LANDLOCK_H_

#include <vector>

#include "base/result.h"

namespace redoubt::vm {

enum class TreeUse {
  kRead,   // and execute
  kWrite,  // files and devices as they are, and read
  kAll,    // and make, remove and rename
};

struct Tree {
  const char* path;
  TreeUse use;
};

// Trees that are not there are left out. Precondition: no_new_privs.
Status restrict_to_trees(const std::vector<Tree>& trees);

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_LANDLOCK_H_
