// HeldProcess: a child that runs another verb of this program, and waits before it until it is released: what watches it
// is there from its first system call. Used by profile record and replay.
#ifndef REDOUBT_CLI_HELD_PROCESS_H_
#define REDOUBT_CLI_HELD_PROCESS_H_

#include <signal.h>
#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runc-compat/cli/globals.h"

namespace redoubt::cli {

struct HeldCommand {
  const Globals& globals;             // its flags are passed on
  std::vector<std::string> words;     // verb and arguments
  sigset_t mask = {};                 // of the child's signals
  bool silent = false;                // stdio is /dev/null
  std::function<void()> before = {};  // called in the child
};

// Dropped before it is released, the child ends without having run anything. Afterwards it goes on alone.
class HeldProcess {
 public:
  static Result<HeldProcess> start(const HeldCommand& command);

  pid_t pid() const { return pid_; }
  Status release();
  // Its exit status, 128 + N when signal N ended it; nothing while it runs.
  std::optional<int> poll();
  // Ends it, and what it has started in a container.
  void end();

 private:
  HeldProcess(pid_t pid, UniqueFd go) : pid_(pid), go_(std::move(go)) {}

  pid_t pid_;
  UniqueFd go_;
  std::optional<int> status_;
};

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_HELD_PROCESS_H_
