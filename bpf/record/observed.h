// Observed: what the recording programs (programs/) saw of a workload, in words. Passed from redoubt-dl,
// which reads the maps, to the recorder (bpf/recorder.h); no third party sees it.
#ifndef REDOUBT_BPF_RECORD_OBSERVED_H_
#define REDOUBT_BPF_RECORD_OBSERVED_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace redoubt::bpf {

struct ObservedRow {
  std::string section;  // "syscalls", "files" ...: the sections of a recording
  std::string key;
  std::string access;  // of files: letters of r, w, x, c
  bool at_start = false, when_steady = false;
  bool refused = false;  // it was asked for, and somebody said no; only where that is watched
};

struct Observed {
  std::vector<ObservedRow> rows;
  std::vector<std::string> lost;      // why it is not complete
  std::vector<std::string> not_seen;  // what this kernel or these programs do not show at all
  uint32_t privileged_execs = 0;
  bool foreign_architecture = false;
  uint32_t sessions = 0;
};

std::vector<std::string> to_words(const Observed& observed);
Result<Observed> observed_of(const std::vector<std::string>& words);

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_RECORD_OBSERVED_H_
