// The numbers of a cgroup as the `data` object of `events`: runc's keys and units, whose names come
// from cgroup v1. Objects in which everything is zero are left out, as runc does. Called by the
// verb `events`.
#ifndef REDOUBT_SANDBOX_CGROUP_STATS_H_
#define REDOUBT_SANDBOX_CGROUP_STATS_H_

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace redoubt::sandbox {

// A controller that the cgroup does not have leaves its part empty. `intel_rdt` is {}: the caller
// fills it. Gone: an error with err() ENOENT.
Result<json::Value> read_stats(const std::string& directory);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_CGROUP_STATS_H_
