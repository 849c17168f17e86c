// The process document of exec: that of --process, or the container's own with the command line's
// changes.
#ifndef REDOUBT_LAUNCH_EXEC_PROCESS_H_
#define REDOUBT_LAUNCH_EXEC_PROCESS_H_

#include "base/result.h"
#include "oci/spec.h"
#include "runc-compat/launch/launch.h"

namespace redoubt::launch {

struct UserIds {
  std::optional<uint32_t> uid, gid;
};

// "UID[:GID]", decimal only: a number is never looked up as a name and nothing is read loosely
// (CVE-2016-3697, CVE-2026-30892).
Result<UserIds> parse_user(const std::string& text);

// `container_process`: the process of the container's config.json.
Result<oci::Process> exec_process_document(const ExecOptions& options,
                                           const oci::Process& container_process);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_EXEC_PROCESS_H_
