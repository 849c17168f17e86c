// Runs another verb of this program and watches what the container does: what `profile record` and `profile replay` have in common.
#ifndef REDOUBT_CLI_PROFILE_WATCH_H_
#define REDOUBT_CLI_PROFILE_WATCH_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bpf/record/observed.h"
#include "policy/authoring/recording.h"
#include "runc-compat/cli/profile_call.h"

namespace redoubt::cli {

struct WatchRequest {
  const ProfileCall& call;
  std::string_view word;               // "record", for messages
  std::vector<std::string> command;    // run, create or exec with its arguments
  bool refusals = false;               // watch what is refused as well
  std::function<void()> before = {};   // called in the process of the command, before it
};

struct Watched {
  int status = 0;  // of the command, 128 + N when signal N ended it
  policy::RecordedRun run;
  bpf::Observed observed;
};

// Until the command and all that it has started are gone, or a signal comes after the command's end. Signals before that go to the command.
// Names with control characters are left out and counted as lost.
Result<Watched> watch_run(const WatchRequest& request);

// What was done, or what was refused, as the sections of a recording.
policy::Recording rows_of(const bpf::Observed& observed, bool refused);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_PROFILE_WATCH_H_
