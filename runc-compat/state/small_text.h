// Lines that other processes of ours leave in the directory of a container, for people.
#ifndef REDOUBT_STATE_SMALL_TEXT_H_
#define REDOUBT_STATE_SMALL_TEXT_H_

#include <string>

#include "runc-compat/state/container_dir.h"

namespace redoubt::state {

// At most 1 KiB, "?" for what is not printable ASCII: some of it may be a guest's or a workload's words. Absent: "".
std::string read_small_text(const ContainerDir& dir, const char* name);

}  // namespace redoubt::state

#endif  // REDOUBT_STATE_SMALL_TEXT_H_
