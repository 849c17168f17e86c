// state::Record: what state.json says about a container, and its versioned JSON form.
//
// The file is written before the first side effect (Phase::kIntent) and again whenever more is
// known, so that `delete` can undo a `create` that was killed anywhere. It never says whether the
// container runs: status_of() asks the kernel. Top-level names follow runc's where outside tools
// read them (init_process_pid, cgroup_paths, namespace_paths, config.labels). Unknown members of a
// known version are skipped (a newer writer may add some); another version is an error.
#ifndef REDOUBT_STATE_RECORD_H_
#define REDOUBT_STATE_RECORD_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redoubt::state {

// Version of the schema. Raised only when an older reader would misunderstand the file.
inline constexpr int kRecordVersion = 1;

inline constexpr size_t kMaxRecordBytes = size_t{16} << 20;

struct Record {
  enum class Phase {
    kIntent,   // being created; init_pid may still be 0
    kCreated,  // init has passed its set-up
  };

  std::string id, bundle, rootfs;
  std::string created;  // RFC3339Nano, UTC
  uid_t owner_uid = 0;
  Phase phase = Phase::kIntent;

  pid_t creator_pid = 0;  // the process that creates, valid while kIntent
  uint64_t creator_start_time = 0;
  pid_t init_pid = 0;
  uint64_t init_start_time = 0;  // clock ticks, /proc/PID/stat field 22
  std::string boot_id;           // the boot that the pids, start times and cgroup_inode belong to

  bool systemd_cgroup = false, rootless = false, shares_pid_namespace = false;
  std::string cgroup_path;       // linux.cgroupsPath as asked
  std::string cgroup_directory;  // absolute, of the container's own cgroup; empty: none
  std::string cgroup_unit;       // systemd unit; empty: none
  // st_ino of cgroup_directory, set once the cgroup is known to be ours (made, or found empty). The
  // kernel does not reuse these numbers within a boot. 0: not yet ours, so destroying may remove
  // the directory if it is empty, but kills nothing in it.
  uint64_t cgroup_inode = 0;

  std::map<std::string, std::string> namespace_paths;  // "NEWPID" -> "/proc/PID/ns/pid"
  std::map<std::string, std::string> annotations;
  // What is in force: "profile", "mode", and for each layer its level ("seccomp" -> "active").
  std::map<std::string, std::string> policy;
  pid_t recorder_pid = 0;  // the process that writes a recording of the container (launch/recorder.h); 0: none
  uint64_t recorder_start_time = 0;
  std::string intel_rdt_path;            // resctrl group made for this container; empty: none
  std::optional<std::string> resources;  // JSON text of linux.resources as set by the last `update`
};

// JSON text of state.json.
std::string format_record(const Record& record);

// `name` starts every error. Types, ranges and the relations between members are checked; nothing
// is trusted further than that.
Result<Record> parse_record(std::string_view text, std::string_view name);

// The present time as RFC3339Nano in UTC: "2026-11-23T22:54:01.123456789Z", trailing zeros of the
// fraction dropped as Go does.
std::string timestamp_now();

}  // namespace redoubt::state

#endif  // REDOUBT_STATE_RECORD_H_
