// What nearly every verb starts with: the container that the command line names, its record, its
// status.
#ifndef REDOUBT_CLI_CONTAINER_H_
#define REDOUBT_CLI_CONTAINER_H_

#include <string>

#include "base/result.h"
#include "runc-compat/cli/globals.h"
#include "runc-compat/state/container_dir.h"
#include "runc-compat/state/record.h"
#include "runc-compat/state/status.h"

namespace redoubt::cli {

struct Container {
  state::ContainerDir dir;
  state::Record record;
};

// For verbs that only look or signal: takes no lock.
Result<Container> open_container(const Globals& globals, const std::string& id);

// For verbs that change the container: holds its lock.
Result<Container> open_locked_container(const Globals& globals, const std::string& id);

// The directory of the container's cgroup, if it is still its own; otherwise "".
Result<std::string> cgroup_of(const state::Record& record);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_CONTAINER_H_
