// Recorder: the recording programs (bpf/record), loaded and attached for one recording. In redoubt-dl,
// for it needs libbpf; everything goes away with this process. Called by lib/dl/main.cc.
#ifndef REDOUBT_BPF_LOAD_RECORDER_H_
#define REDOUBT_BPF_LOAD_RECORDER_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "bpf/load/library.h"
#include "bpf/load/recorder_maps.h"
#include "bpf/record/observed.h"
#include "bpf/record/request.h"

namespace redoubt::bpf {

class Recorder {
 public:
  // ErrorKind::kUnsupported or kSystem with the reason where such programs cannot be loaded.
  // `verbose`: libbpf's complaints go to stderr.
  static Result<Recorder> start(const RecordRequest& request, bool verbose);

  // As Recording's.
  Status adopt(const RecordAdoption& adoption) { return maps_.adopt(adoption); }
  Status ignore(pid_t pid) { return maps_.track(pid, REDOUBT_RECORD_IGNORED); }
  void set_steady() { maps_.set_phase(REDOUBT_RECORD_STEADY); }
  bool is_running() const { return maps_.has_workload(); }
  // What was seen so far.
  Result<Observed> read() const;

 private:
  Recorder(const BpfLibrary& lib, BpfObject object) : lib_(lib), object_(std::move(object)) {}
  Status attach();
  Status read_files(Observed& observed) const;
  Status read_names(Observed& observed) const;
  uint64_t count_skipped() const;

  BpfLibrary lib_;
  BpfObject object_;
  std::vector<BpfLink> links_;
  std::vector<std::string> not_seen_;
  RecorderMaps maps_;
};

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_LOAD_RECORDER_H_
