// Which of the caller's descriptors reach the container: stdio, LISTEN_FDS and --preserve-fds.
// Everything else is marked close-on-exec before anything is started: engines leak sockets and
// directories into their runtime (CVE-2024-21626).
#ifndef REDOUBT_LAUNCH_DESCRIPTORS_H_
#define REDOUBT_LAUNCH_DESCRIPTORS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace redoubt::launch {

struct PassedDescriptors {
  uint32_t count = 0;            // from 3 on
  std::vector<std::string> env;  // LISTEN_FDS=n, LISTEN_PID=1
};

// Reads LISTEN_FDS (only with LISTEN_PID naming this process), checks that every descriptor is
// open, and shuts off the rest.
Result<PassedDescriptors> pass_descriptors(int preserve_fds);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_DESCRIPTORS_H_
