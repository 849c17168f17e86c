// What every watch of a container shares: the signals that end it, the recording programs, and what they have seen.
// Used by profile_watch.cc (a command that is run) and profile_attach.cc (a container that is there).
#ifndef REDOUBT_CLI_WATCH_SESSION_H_
#define REDOUBT_CLI_WATCH_SESSION_H_

#include <signal.h>

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "bpf/recorder.h"
#include "policy/authoring/recording.h"
#include "runc-compat/cli/profile_call.h"

namespace redoubt::cli {

struct Watched {
  int status = 0;  // of the command, 128 + N when signal N ended it
  policy::RecordedRun run;
  bpf::Observed observed;
};

class WatchSession {
 public:
  // `word`: "record", for messages. From here on the signals wait for next_signal(): what ^C ends is the container, not
  // what is known of it. A run is not to end in a document that cannot be kept, so --output and --report are looked at first.
  static Result<WatchSession> begin(const ProfileCall& call, std::string_view word);

  // The mask before begin().
  const sigset_t& mask() const { return mask_; }
  Result<bpf::Recording> start_recording(const bpf::RecordRequest& request) const;
  // One that has arrived within a tenth of a second and is none of a child.
  std::optional<int> next_signal() const;
  // Time, sessions and observations. What ran in a virtual machine is an error.
  Status finish(bpf::Recording& recording, Watched& watched) const;

 private:
  explicit WatchSession(std::string_view word) : word_(word) {}

  std::string_view word_;
  sigset_t mask_{};
  time_t start_ = 0;
};

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_WATCH_SESSION_H_
