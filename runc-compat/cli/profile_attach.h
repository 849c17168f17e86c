// Watches a container that is there already, without touching it: `profile record --container`.
#ifndef REDOUBT_CLI_PROFILE_ATTACH_H_
#define REDOUBT_CLI_PROFILE_ATTACH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "runc-compat/cli/profile_call.h"
#include "runc-compat/cli/watch_session.h"

namespace redoubt::cli {

struct AttachRequest {
  const ProfileCall& call;
  std::string id;
  int64_t nanoseconds = 0;                      // how long at most; 0: until its end
  std::vector<std::string> ready_command = {};  // of a container that was created and not started
};

// Until the container has ended, the time is over, or a signal comes. Of one that was created and not started all is seen;
// of one that runs the start is not (RecordedRun::start_seen).
Result<Watched> watch_container(const AttachRequest& request);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_PROFILE_ATTACH_H_
