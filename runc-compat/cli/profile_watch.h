// Runs another verb of this program and watches what the container does: what `profile record` and `profile replay` have in common.
#ifndef REDOUBT_CLI_PROFILE_WATCH_H_
#define REDOUBT_CLI_PROFILE_WATCH_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runc-compat/cli/profile_call.h"
#include "runc-compat/cli/watch_session.h"

namespace redoubt::cli {

struct WatchRequest {
  const ProfileCall& call;
  std::string_view word;               // "record", for messages
  std::vector<std::string> command;    // run, create or exec with its arguments
  bool refusals = false;               // watch what is refused as well
  std::function<void()> before = {};   // called in the process of the command, before it
  std::vector<std::string> ready_command = {};  // ends the start when it succeeds in the container
};

// Until the command and the workload that it has started are gone, or a signal comes after the command's end. Signals before that go to the command.
Result<Watched> watch_run(const WatchRequest& request);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_PROFILE_WATCH_H_
