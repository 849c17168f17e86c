#include "runc-compat/state/recording_outcome.h"

#include "runc-compat/state/small_text.h"
#include "sandbox/process_identity.h"

namespace redoubt::state {

std::string read_recording_outcome(const ContainerDir& dir) {
  return read_small_text(dir, kRecordingFile);
}

Result<std::string> describe_recording(const ContainerDir& dir, const Record& record) {
  if (record.recorder_pid == 0) {
    return std::string();
  }
  // Asked before the outcome is looked for, which is there when the recorder ends.
  TRY_ASSIGN(const std::string boot_id, sandbox::read_boot_id());
  TRY_ASSIGN(const bool is_running, sandbox::is_running({record.recorder_pid, record.recorder_start_time}));
  std::string outcome = read_recording_outcome(dir);
  if (!outcome.empty()) {
    return outcome;
  }
  return std::string(is_running && boot_id == record.boot_id ? "running" : "failed: the recorder has ended without writing it");
}

}  // namespace redoubt::state
