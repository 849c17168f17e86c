// Signals to a container: only ever to the process that the record names (same boot, same start
// time), or to the processes of the cgroup that is still the recorded one.
#ifndef REDOUBT_STATE_SIGNAL_H_
#define REDOUBT_STATE_SIGNAL_H_

#include "base/result.h"
#include "runc-compat/state/record.h"

namespace redoubt::state {

// Sends the signal to init. SIGKILL to a container that shares its pid namespace goes to every
// process of its cgroup instead, also when init is gone: there init's death does not end the
// others. SIGKILL also thaws. Nobody there: "container not running" (is_not_running()).
Status signal_container(const Record& record, int signal);

// Waits until init has exited; false when it has not after timeout_ms.
Result<bool> wait_for_exit(const Record& record, int timeout_ms);

// "container not running", as engines look for it.
Error not_running();
bool is_not_running(const Error& error);

}  // namespace redoubt::state

#endif  // REDOUBT_STATE_SIGNAL_H_
