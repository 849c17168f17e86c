// --pid-file: the decimal pid without a newline, complete the moment it exists (engines read it
// with a bare Atoi).
#ifndef REDOUBT_LAUNCH_PID_FILE_H_
#define REDOUBT_LAUNCH_PID_FILE_H_

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace redoubt::launch {

// Writes `.name` beside `path` and renames it. "" does nothing.
Status write_pid_file(const std::string& path, pid_t pid);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_PID_FILE_H_
