// Which process a pid means: a pid alone is reused by the kernel, so a process is named by its pid
// and its start time
// (/proc/PID/stat field 22, clock ticks after boot), valid within one boot.
//
// The state store records identities, status_of() compares them, Pidfd::open_verified() signals by
// them. A zombie counts as gone.
#ifndef REDOUBT_SANDBOX_PROCESS_IDENTITY_H_
#define REDOUBT_SANDBOX_PROCESS_IDENTITY_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redoubt::sandbox {

struct ProcessIdentity {
  pid_t pid = 0;
  uint64_t start_time = 0;

  bool operator==(const ProcessIdentity&) const = default;
};

struct ProcessStat {
  char state = '?';  // R S D T Z X ...
  pid_t parent = 0;
  uint64_t start_time = 0;

  bool has_exited() const { return state == 'Z' || state == 'X' || state == 'x'; }
};

// Parses the text of /proc/PID/stat. The second field (comm) may hold blanks and parentheses of the
// process's own choice.
Result<ProcessStat> parse_process_stat(std::string_view text);

// Reads /proc/PID/stat. A process that is gone: err() is ESRCH.
Result<ProcessStat> read_process_stat(pid_t pid);

// The identity of a process that exists now.
Result<ProcessIdentity> identity_of(pid_t pid);

// Whether exactly this process still runs (exists, same start time, no zombie). False for pid <= 0.
// An unreadable /proc is an error, never "gone".
Result<bool> is_running(const ProcessIdentity& identity);

// /proc/sys/kernel/random/boot_id without the newline: identities of another boot mean nothing.
Result<std::string> read_boot_id();

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_PROCESS_IDENTITY_H_
