// What a user namespace maps. The kernel tells that of processes only (/proc/PID/uid_map), so a
// short-lived child joins the namespace to be asked.
// Used by launch, which compares a namespace to be joined with the maps that config.json repeats.
#ifndef REDOUBT_SANDBOX_IDMAP_READ_H_
#define REDOUBT_SANDBOX_IDMAP_READ_H_

#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace redoubt::sandbox {

// "container host size" a line, in ascending order of the container's ids.
Result<std::vector<plan::IdMapping>> parse_id_map(std::string_view text);

// Host ids as our own user namespace sees them.
// Precondition: the caller may join the namespace (setns(2)).
Result<plan::IdMaps> read_id_maps(int user_namespace_fd);

// Refuses a namespace whose maps differ from `expected`; the error names the field and both maps.
Status check_id_maps(int user_namespace_fd, const plan::IdMaps& expected);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_IDMAP_READ_H_
