// Runs newuidmap(1) or newgidmap(1), the programs that write the id maps of callers without
// privilege from /etc/subuid and /etc/subgid. They are found in fixed system directories, never by
// PATH, and get an empty environment. Used by idmap.cc.
#ifndef REDOUBT_SANDBOX_IDMAP_HELPER_H_
#define REDOUBT_SANDBOX_IDMAP_HELPER_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace redoubt::sandbox {

// `helper`: "newuidmap" or "newgidmap". The error carries what the program said.
Status run_idmap_helper(const std::string& helper,
                        pid_t pid,
                        const std::vector<plan::IdMapping>& map);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_IDMAP_HELPER_H_
