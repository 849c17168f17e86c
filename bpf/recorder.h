// Recording: processes are watched by the recording programs, which a redoubt-dl of its own loads and reads
// (bpf/load/recorder.h). It ends with this object. Called by whoever records: profile record, and the recorder of a container.
#ifndef REDOUBT_BPF_RECORDER_H_
#define REDOUBT_BPF_RECORDER_H_

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "bpf/record/observed.h"
#include "bpf/record/request.h"
#include "sandbox/dl_process.h"

namespace redoubt::bpf {

class Recording {
 public:
  // Needs CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN) in the initial user namespace.
  static Result<Recording> start(const RecordRequest& request);

  // Also what is in this cgroup and comes into it. `is_created`: its processes wait in redoubt-init.
  Status adopt(const std::string& cgroup_directory, bool is_created);
  // The process, which has not executed anything yet, and its children are not the workload's.
  Status ignore(pid_t pid);
  // The start is over (RecordRequest::ready_by_command).
  Status set_steady();

  // Whether a process of the workload is left, or one that will be.
  Result<bool> is_running();
  Result<Observed> read();

 private:
  explicit Recording(sandbox::DlProcess reader) : reader_(std::move(reader)) {}

  sandbox::DlProcess reader_;
};

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_RECORDER_H_
