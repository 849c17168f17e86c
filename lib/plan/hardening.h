// plan::Hardening: what policy adds to the container that config.json describes, and the record of
// every decision for explain, the state and events. Filled by policy (harden_*.cc); the rest of the
// Plan holds what was tightened in place (capabilities, masked paths, labels, limits).
#ifndef REDOUBT_PLAN_HARDENING_H_
#define REDOUBT_PLAN_HARDENING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redoubt::plan {

// One control: what was decided, by whom, who enforces it, and what is missing.
struct Decision {
  std::string control;      // field of the policy document: "kernel.bpf"
  std::string value;        // "deny", "allow: lifted by CAP_BPF"
  std::string source;       // "profiles/default.json:41", "config.json"
  std::string backend;      // "seccomp"; empty: nothing enforces it
  std::string degradation;  // what the host or this build cannot do; empty: nothing is missing
};

// A kernel mechanism as a whole.
struct LayerState {
  std::string layer;  // "seccomp"
  std::string level;  // "active", "degraded", "audit", "off"
  std::string reason;
};

struct LandlockPath {
  std::string path;  // in the container
  uint64_t access = 0;  // LANDLOCK_ACCESS_FS_*
};

struct LandlockPort {
  uint64_t port = 0;
  uint64_t access = 0;  // LANDLOCK_ACCESS_NET_*
};

// landlock(7): nothing to restrict when all three masks are zero.
struct Landlock {
  uint64_t handled_fs = 0, handled_net = 0, scoped = 0;
  std::vector<LandlockPath> paths;
  std::vector<LandlockPort> ports;

  bool active() const { return (handled_fs | handled_net | scoped) != 0; }
};

// What the BPF LSM backend is to enforce, as words; empty: nothing asked. (What the cgroup's programs
// do is in Cgroup::network.)
struct KernelIntents {
  // "kernel.bpf": names of the table of fields, which live as long as the program.
  std::vector<std::string_view> denied_surfaces, audited_surfaces;
  bool reports_filters = false;  // what system call filters refuse is written to the log of violations
  bool reports_files = false;    // what Landlock refuses of files, likewise
  uint64_t families = 0;  // 1 << AF_*: what "network.families" lets through
};

// Where a recording of what the container does is kept.
struct RecordingTarget {
  std::string directory, name;
};

struct Hardening {
  std::string profile;  // empty: no policy was given
  std::string mode;     // "off", "audit", "preferred", "required"
  bool privileged = false;
  Landlock landlock;
  KernelIntents intents;
  std::vector<Decision> decisions;
  std::vector<LayerState> layers;
  std::optional<RecordingTarget> recording;
};

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_HARDENING_H_
