// User and group id mappings: writing them for a child, keeping a user namespace by descriptor for
// idmapped mounts, and the arithmetic. Errors name linux.uidMappings or linux.gidMappings.
// Used by launch (the parent of clone) and by the preparation of idmapped mounts, on the host.
#ifndef REDOUBT_SANDBOX_IDMAP_H_
#define REDOUBT_SANDBOX_IDMAP_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "plan/plan.h"

namespace redoubt::sandbox {

// Refuses what the kernel would refuse with a bare EINVAL: empty ranges, overflow, overlap, more
// than 340 ranges, a text of a page or more.
Status validate_id_maps(const plan::IdMaps& maps);

// "container host size\n" a range, as uid_map and gid_map take it.
std::string id_map_text(const std::vector<plan::IdMapping>& map);

// The host's id of `id`, or nothing when it is not mapped. An empty map is the identity.
std::optional<uint32_t> map_to_host(const std::vector<plan::IdMapping>& map, uint32_t id);

// Writes the maps of `pid`, a process in a fresh user namespace made by this one.
// `privileged`: the caller has CAP_SETUID and CAP_SETGID over its namespace. Otherwise a map of
// just the caller's own id is written directly (with setgroups denied, user_namespaces(7)), and
// anything more goes through newuidmap(1) and newgidmap(1), found in fixed system directories.
Status write_id_maps(pid_t pid, const plan::IdMaps& maps, bool privileged);

// A user namespace with these maps and no process in it, for MOUNT_ATTR_IDMAP.
// Precondition: the caller may write the maps (root).
Result<UniqueFd> create_user_namespace(const plan::IdMaps& maps);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_IDMAP_H_
