// RecorderMaps: the maps of the recording programs, found by their names, and what the reader writes into them.
// Used by Recorder (bpf/load/recorder.h).
#ifndef REDOUBT_BPF_LOAD_RECORDER_MAPS_H_
#define REDOUBT_BPF_LOAD_RECORDER_MAPS_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "bpf/load/library.h"
#include "bpf/record/abi.h"
#include "bpf/record/request.h"

namespace redoubt::bpf {

class RecorderMaps {
 public:
  // The descriptors stay the object's.
  static Result<RecorderMaps> open(const BpfLibrary& lib, bpf_object* object);

  int files() const { return files_; }
  int names() const { return names_; }
  int sockets() const { return sockets_; }
  int summary() const { return summary_; }

  // Before anything is attached.
  Status prepare(const RecordRequest& request);
  Status adopt(const RecordAdoption& adoption);
  Status track(pid_t pid, redoubt_record_task state);
  void set_phase(redoubt_record_phase phase);
  // Whether a process of the workload is left, or one that will be.
  bool has_workload() const;

 private:
  struct Unmap {
    void operator()(redoubt_record_summary* summary) const;
  };

  int tasks_ = -1, files_ = -1, names_ = -1, sockets_ = -1, summary_ = -1;
  // The programs' own memory: one member can be written while they write the others.
  std::unique_ptr<redoubt_record_summary, Unmap> mapped_;
};

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_LOAD_RECORDER_MAPS_H_
