// Recording: a process and its children are watched by the recording programs, which a redoubt-dl of
// its own loads and reads (bpf/load/recorder.h). It ends with this object.
#ifndef REDOUBT_BPF_RECORDER_H_
#define REDOUBT_BPF_RECORDER_H_

#include <sys/types.h>

#include "base/result.h"
#include "bpf/record/observed.h"
#include "sandbox/dl_process.h"

namespace redoubt::bpf {

class Recording {
 public:
  // Needs CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN) in the initial user namespace.
  // `refusals`: what is refused to them is recorded as well (ObservedRow::refused).
  static Result<Recording> start(pid_t tracked, bool refusals);

  // Whether any of the processes is left.
  Result<bool> is_running();
  Result<Observed> read();

 private:
  explicit Recording(sandbox::DlProcess reader) : reader_(std::move(reader)) {}

  sandbox::DlProcess reader_;
};

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_RECORDER_H_
