// What has become of the recording of a container (launch/recorder.h): a line in the container's directory.
#ifndef REDOUBT_STATE_RECORDING_OUTCOME_H_
#define REDOUBT_STATE_RECORDING_OUTCOME_H_

#include <string>

#include "base/result.h"
#include "runc-compat/state/container_dir.h"
#include "runc-compat/state/record.h"

namespace redoubt::state {

inline constexpr char kRecordingFile[] = "recording";
// What the line of one that failed starts with.
inline constexpr char kRecordingFailed[] = "failed: ";

// Printable; "" while there is none.
std::string read_recording_outcome(const ContainerDir& dir);

// For `state`: "running", the outcome, or that there is none; "" for a container that is not recorded.
Result<std::string> describe_recording(const ContainerDir& dir, const Record& record);

}  // namespace redoubt::state

#endif  // REDOUBT_STATE_RECORDING_OUTCOME_H_
