// What a recording is to watch: passed from the recorder (bpf/recorder.h) to redoubt-dl, which loads the programs.
#ifndef REDOUBT_BPF_RECORD_REQUEST_H_
#define REDOUBT_BPF_RECORD_REQUEST_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace redoubt::bpf {

struct RecordRequest {
  pid_t tracked = 0;              // what this process and its children do; 0: nobody yet
  bool refusals = false;          // also what is refused to them (ObservedRow::refused)
  bool ready_by_command = false;  // the start ends when the recorder says so, not with the first listen(2)
};

// Processes that are there already.
struct RecordAdoption {
  uint64_t cgroup = 0;      // its id: what exec lets into it later is recorded as well
  bool is_created = false;  // they wait in redoubt-init, and the workload has not started
  std::vector<pid_t> pids;
};

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_RECORD_REQUEST_H_
