// The paths that a refusal by Landlock has beside its event, as text.
#ifndef REDOUBT_BPF_REFUSED_PATHS_H_
#define REDOUBT_BPF_REFUSED_PATHS_H_

#include <string>

#include "bpf/abi.h"

namespace redoubt::bpf {

struct RefusedPaths {
  std::string path;    // as the process sees it; of link and rename, the old name
  std::string target;  // of link and rename, the new one; else empty
  bool is_whole = true;  // false: of a path the beginning is missing, or it does not lead to the root of the process
};

// Whether the event is one of Landlock's functions.
bool is_refusal_of_files(const redoubt_event& event);

// Whatever the slot holds: a text never goes beyond its half.
RefusedPaths refused_paths_of(const redoubt_paths& slot);

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_REFUSED_PATHS_H_
