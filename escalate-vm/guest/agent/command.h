// Command: one run of the inner redoubt, started and left alone; the agent's loop reaps it.
//
// Its log goes to a memory file, so that an error text is had without its output, which may be the
// container's. Used by Agent.
#ifndef REDOUBT_ESCALATE_VM_GUEST_AGENT_COMMAND_H_
#define REDOUBT_ESCALATE_VM_GUEST_AGENT_COMMAND_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::agent {

// Descriptors 0 to 2 of a child; an empty one is /dev/null.
struct ChildStdio {
  UniqueFd in, out, err;
};

class Command {
 public:
  // Runs `redoubt ARGUMENTS...` with the descriptors as its stdio.
  static Result<Command> start(const std::vector<std::string>& arguments, ChildStdio stdio);
  // The same with its output kept for output().
  static Result<Command> start_captured(const std::vector<std::string>& arguments);

  pid_t pid() const { return pid_; }

  // Once it is reaped: what it said against it, when its wait status is not that of success.
  Status outcome(int wait_status) const;
  Result<std::string> output() const;

 private:
  pid_t pid_ = -1;
  UniqueFd log_, output_;
};

}  // namespace redoubt::agent

#endif  // REDOUBT_ESCALATE_VM_GUEST_AGENT_COMMAND_H_
