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
#include "bpf/record/observed.h"

namespace redoubt::bpf {

class Recorder {
 public:
  // What the process `tracked` and its children do from here on. ErrorKind::kUnsupported or kSystem
  // with the reason where such programs cannot be loaded. `refusals`: also what is refused to them.
  // `verbose`: libbpf's complaints go to stderr.
  static Result<Recorder> start(pid_t tracked, bool refusals, bool verbose);

  // Whether any of the tracked processes is left.
  bool is_running() const;
  // What was seen so far.
  Result<Observed> read() const;

 private:
  struct Maps {
    int tasks = -1, files = -1, names = -1, sockets = -1, summary = -1;
  };

  Recorder(const BpfLibrary& lib, BpfObject object) : lib_(lib), object_(std::move(object)) {}
  Status attach();
  Status find_maps();
  Status read_files(Observed& observed) const;
  Status read_names(Observed& observed) const;
  uint64_t count_skipped() const;

  BpfLibrary lib_;
  BpfObject object_;
  std::vector<BpfLink> links_;
  std::vector<std::string> not_seen_;
  Maps maps_;
};

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_LOAD_RECORDER_H_
