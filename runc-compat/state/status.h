// The status of a container, from kernel facts alone: does the recorded init still run (same boot,
// same start time, no zombie), is its cgroup frozen, does somebody wait at exec.fifo. state.json
// only says whom to ask about.
#ifndef REDOUBT_STATE_STATUS_H_
#define REDOUBT_STATE_STATUS_H_

#include <string_view>

#include "base/result.h"
#include "runc-compat/state/container_dir.h"
#include "runc-compat/state/record.h"
#include "sandbox/process_identity.h"

namespace redoubt::state {

enum class ContainerStatus { kCreating, kCreated, kRunning, kPaused, kStopped };

// "creating", "created", "running", "paused", "stopped".
std::string_view status_name(ContainerStatus status);

Result<ContainerStatus> status_of(const ContainerDir& dir, const Record& record);

// The recorded init, or {0, 0} when the record is of another boot. Give it to
// Pidfd::open_verified() to signal.
Result<sandbox::ProcessIdentity> init_of(const Record& record);

// Whether the record's cgroup directory is still the very cgroup that was recorded (same boot, same
// inode). False when it is gone or was never ours: then nothing in it may be killed, frozen or
// limited.
Result<bool> owns_cgroup(const Record& record);

}  // namespace redoubt::state

#endif  // REDOUBT_STATE_STATUS_H_
