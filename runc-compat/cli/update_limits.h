// The limits of a container, changed where they are enforced: in its cgroup and, for one in a virtual
// machine, in the guest. All or none.
#ifndef REDOUBT_CLI_UPDATE_LIMITS_H_
#define REDOUBT_CLI_UPDATE_LIMITS_H_

#include "base/json.h"
#include "base/result.h"
#include "oci/spec.h"
#include "runc-compat/cli/container.h"

namespace redoubt::cli {

// `asked`: of the request alone; `former` and `merged`: linux.resources as they are and are to be.
Status update_limits(const Container& container,
                     const oci::Resources& asked,
                     const json::Value& former,
                     const json::Value& merged);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_UPDATE_LIMITS_H_
