// The recorder of a container: a process that writes down what the container does, because an annotation asks for it
// (io.redoubt.record) and the node allows it (node.recordings).
//
// It is a child of `create` or `run` in a session of its own, with none of the engine's descriptors, in the cgroup of its
// caller and never in the container's. It ends when the workload does, or when `delete` tells it to, and then writes the
// file. Nothing depends on it: when it is killed the recording programs go with it, and the container goes on.
#ifndef REDOUBT_LAUNCH_RECORDER_H_
#define REDOUBT_LAUNCH_RECORDER_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "plan/hardening.h"
#include "policy/authoring/recording.h"
#include "runc-compat/state/container_dir.h"
#include "runc-compat/state/record.h"
#include "sandbox/process_identity.h"

namespace redoubt::launch {

// Records what this process starts from here on. The recorder, with everything in place.
Result<sandbox::ProcessIdentity> start_recorder(const plan::RecordingTarget& target,
                                                const state::ContainerDir& dir,
                                                policy::RecordedRun run);

// Has the file finished, for a container whose processes are gone. What went wrong is a warning.
void finish_recorder(const state::ContainerDir& dir, const state::Record& record);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_RECORDER_H_
