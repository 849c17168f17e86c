// Turns what init reported (step, errno, object) into the line that people and engines read, in
// runc's words where they match on them.
#ifndef REDOUBT_LAUNCH_FAILURE_TEXT_H_
#define REDOUBT_LAUNCH_FAILURE_TEXT_H_

#include "base/error.h"
#include "init/protocol.h"
#include "plan/plan.h"

namespace redoubt::launch {

// Starts with "error during container init: " except for the command's own look-up, which engines
// map to exit codes 126 and 127.
Error failure_error(const init::SyncMessage& message, const plan::Plan& plan);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_FAILURE_TEXT_H_
