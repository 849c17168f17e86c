// Whether the BPF LSM layer is there for a container that is about to start: loaded already, loaded
// now, or not to be had, and why. An answer "no" is kept until the next boot (or `bpf load`), so that
// a host without BPF LSM pays for one open a start.
#ifndef REDOUBT_BPF_AVAILABILITY_H_
#define REDOUBT_BPF_AVAILABILITY_H_

#include <cstdint>
#include <string>

#include "base/result.h"

namespace redoubt::bpf {

struct Availability {
  uint64_t surfaces = 0;  // 1 << redoubt_surface; 0: the layer is not there
  std::string lack;       // why not, and the remedy
  bool sees_filters = false;  // what system call filters refuse is in the log, too
};

// What is known now; loads nothing.
Availability query_availability();
// The same, after an attempt to load when none was made since boot. Only for root of the host: others
// cannot mark tasks.
Availability ensure_availability();

// Why what Landlock refuses cannot be written to the log, and the remedy; empty: it is, or would be. Of
// a host with the layer, which is asked first. The first one only tries, where nobody has since boot;
// the second one loads the programs.
std::string query_file_report_lack();
std::string ensure_file_reports();

// Whether loading will fail again: no when the loader was killed, or memory, descriptors or room were
// short.
bool is_lasting(const Error& error);

// Writes down or forgets that the set cannot be loaded; what is known of file reports is forgotten.
Status remember_lack(const std::string& reason);

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_AVAILABILITY_H_
