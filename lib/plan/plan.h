// plan::Plan: what will be done, as plain data. Pure: made by policy::resolve from oci::Spec, HostFacts and policy; consumed by
// lib/init (prepare), lib/sandbox (cgroup, seccomp, ...) and launch. Kernel words and kernel numbers, nothing left to decide.
// plan_text.h prints it for golden tests and for explain.
#ifndef REDOUBT_PLAN_PLAN_H_
#define REDOUBT_PLAN_PLAN_H_

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plan/hardening.h"
#include "plan/machine.h"
#include "plan/network_filter.h"

namespace redoubt::plan {

// ---- namespaces and identity -------------------------------------------------------------------------------------------------

enum class NamespaceType { kUser, kMount, kPid, kNetwork, kIpc, kUts, kCgroup, kTime };

// A namespace that the container does not share with the runtime. `path` empty: created; otherwise joined.
struct Namespace {
  NamespaceType type{};
  std::string path;
};

struct IdMapping {
  uint32_t container_id = 0;
  uint32_t host_id = 0;
  uint32_t size = 0;
};

struct IdMaps {
  std::vector<IdMapping> uid, gid;
  bool empty() const { return uid.empty() && gid.empty(); }
};

struct TimeOffset {
  int64_t secs = 0;
  uint32_t nanosecs = 0;
};

// ---- mounts ------------------------------------------------------------------------------------------------------------------

enum class MountKind {
  kBind,        // open_tree(source) [recursive], then flags
  kFilesystem,  // fsopen(type) with data options (tmpfs, mqueue, devpts, any other type)
  kProc,        // procfs of the container's pid namespace
  kSysfs,       // sysfs of the container's network namespace; falls back to a bind of the host's in a user namespace that does not own it
  kCgroup,      // cgroup2; falls back to a bind of the container's cgroup
};

struct Mount {
  MountKind kind = MountKind::kFilesystem;
  std::string destination;  // absolute, cleaned, inside the rootfs
  std::string source;       // host path for binds (absolute), source text otherwise
  std::string fs_type;      // "tmpfs"
  bool recursive_bind = false;
  // mount_attr(2): attributes to set and to clear on the mount itself; MOUNT_ATTR_* bits.
  uint64_t attr_set = 0, attr_clear = 0;
  // Binds with at least one flag word: attributes that the source mount may have and that nobody asked for. They are cleared
  // where that is allowed; a locked one stays (mount_setattr fails with EPERM: repeat without these).
  uint64_t attr_clear_unlocked = 0;
  // The same for the whole tree below it ("rro", "rnosuid", ...).
  uint64_t rec_attr_set = 0, rec_attr_clear = 0;
  uint64_t propagation = 0;              // MS_SHARED ... 0: as it comes (private)
  bool recursive_propagation = false;
  std::vector<std::string> data;         // file system options "size=64k", in order; superblock flag words ("ro", "sync") too
  bool tmpcopyup = false;
  bool idmap = false, recursive_idmap = false;
  IdMaps idmaps;                         // empty with idmap: the container's own user namespace
  bool nofollow_source = false;
  size_t spec_index = 0;                 // mounts[i] of config.json, for messages
};

struct Device {
  std::string path;   // absolute in the rootfs
  char type = 'c';    // c b p
  uint32_t major = 0, minor = 0;
  mode_t mode = 0666;  // permission bits
  uid_t uid = 0;
  gid_t gid = 0;
};

struct Rootfs {
  std::string path;  // absolute on the host
  bool readonly = false;
  uint64_t propagation = 0;            // MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE
  bool recursive_propagation = true;
  bool no_pivot = false;               // --no-pivot: MS_MOVE and chroot, weaker
};

// ---- the process -------------------------------------------------------------------------------------------------------------

struct Capabilities {  // bit masks over CAP_*
  uint64_t bounding = 0, effective = 0, inheritable = 0, permitted = 0, ambient = 0;
};

struct Rlimit {
  int resource = 0;  // RLIMIT_*
  uint64_t soft = 0, hard = 0;
};

struct Scheduler {  // sched_setattr(2)
  uint32_t policy = 0;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0, deadline = 0, period = 0;  // ns
};

struct MemoryPolicy {  // set_mempolicy(2)
  int mode = 0;        // MPOL_* with mode flags
  std::vector<uint64_t> nodes;  // bit mask, lowest word first
};

struct Process {
  std::vector<std::string> args;
  std::vector<std::string> env;  // deduplicated, last wins
  std::string cwd = "/";
  bool terminal = false;
  uint16_t console_height = 0, console_width = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> additional_gids;
  mode_t umask = 0022;
  Capabilities capabilities;
  bool no_new_privileges = false;
  std::vector<Rlimit> rlimits;
  std::optional<int> oom_score_adj;
  std::optional<Scheduler> scheduler;
  std::optional<int> io_priority;  // IOPRIO_PRIO_VALUE
  std::string selinux_label, apparmor_profile;
  std::string cpu_affinity_initial, cpu_affinity_final;  // cpu lists
  std::optional<unsigned long> personality;
  std::optional<MemoryPolicy> memory_policy;
};

// ---- seccomp -----------------------------------------------------------------------------------------------------------------

enum class SeccompAction { kKillThread, kKillProcess, kTrap, kErrno, kTrace, kAllow, kLog, kNotify };
enum class SeccompOperator { kNotEqual, kLess, kLessEqual, kEqual, kGreaterEqual, kGreater, kMaskedEqual };

struct SeccompArgument {
  uint32_t index = 0;
  SeccompOperator op{};
  uint64_t value = 0;
  uint64_t value_two = 0;
};

struct SeccompRule {
  std::vector<std::string> names;
  SeccompAction action{};
  uint32_t errno_ret = 1;
  std::vector<SeccompArgument> arguments;
  // Not where socketcall(2) stands for the call (x86): its arguments are in memory, so a condition
  // on them would refuse the call as a whole.
  bool skips_socketcall = false;
};

struct Seccomp {
  SeccompAction default_action{};
  uint32_t default_errno_ret = 1;
  std::vector<std::string> architectures;  // libseccomp's lower-case names: "x86_64", "x86", "x32"
  uint32_t flags = 0;                      // SECCOMP_FILTER_FLAG_*
  std::vector<SeccompRule> rules;
  std::string listener_path, listener_metadata;
};

// Somebody outside answers for some of its calls (seccomp_unotify(2)).
inline bool has_notify_rule(const Seccomp& seccomp) {
  for (const SeccompRule& rule : seccomp.rules) {
    if (rule.action == SeccompAction::kNotify) {
      return true;
    }
  }
  return false;
}

// ---- cgroup ------------------------------------------------------------------------------------------------------------------

// One write to a file of the container's cgroup: {"memory.max", "1048576"}. In the order of application. `field` is the
// config.json field (or "linux.resources.unified[...]") that asked for it, for messages.
struct CgroupWrite {
  std::string file;
  std::string value;
  std::string field;
  // Where this file exists it is written instead of `file` (io.bfq.weight for io.weight: the scales differ). Empty: none.
  std::string preferred_file = {};
  std::string preferred_value = {};
  bool skip_if_missing = false;  // a kernel without the file gives what was asked for anyway (no swap: memory.swap.max "0")
};

struct DeviceRule {
  bool allow = false;
  char type = 'a';                  // a c b
  std::optional<uint32_t> major, minor;  // absent: any
  bool read = false, write = false, mknod = false;
};

enum class CgroupDriver { kFilesystem, kSystemd };

struct Cgroup {
  CgroupDriver driver = CgroupDriver::kFilesystem;
  std::string path;                 // linux.cgroupsPath as given, may be empty; lib/sandbox/cgroup makes it a place
  std::vector<CgroupWrite> writes;
  std::vector<DeviceRule> device_rules;  // complete, deny-all first
  NetworkFilter network;            // by policy; inactive: nothing is attached
  // org.systemd.property.*: name and GVariant text.
  std::vector<std::pair<std::string, std::string>> systemd_properties;
  bool check_memory_before_update = false;
  bool delegate = false;            // chown to the container's root: rw cgroup mount in an own cgroup namespace
};

struct IntelRdt {
  std::string clos_id;
  std::vector<std::string> schemata;
  bool enable_monitoring = false;
};

// ---- hooks -------------------------------------------------------------------------------------------------------------------

enum class HookKind { kPrestart, kCreateRuntime, kCreateContainer, kStartContainer, kPoststart, kPoststop };
inline constexpr size_t kHookKinds = 6;

struct Hook {
  std::string path;
  std::vector<std::string> args;  // never empty: argv[0] = path when config.json had none
  std::vector<std::string> env;
  std::optional<int64_t> timeout_ms;
};

// ---- the whole ---------------------------------------------------------------------------------------------------------------

struct Plan {
  std::string id;
  std::string bundle;  // absolute
  Rootfs rootfs;
  std::vector<Namespace> namespaces;
  IdMaps id_maps;  // of a created user namespace
  IdMaps expected_id_maps;  // of a joined one, when config.json repeats its mappings: they must be equal to the namespace's
  bool rootless = false;  // no privilege over the host: cgroup permission errors are tolerated where nothing was asked
  std::optional<TimeOffset> monotonic_offset, boottime_offset;
  std::string hostname, domainname;
  std::vector<Mount> mounts;
  std::string mount_label;
  std::vector<Device> devices;
  std::vector<std::string> masked_paths, readonly_paths;
  std::vector<std::pair<std::string, std::string>> sysctls;  // name with '/' separators, value
  Process process;
  std::optional<Seccomp> seccomp;
  // Loaded before `seccomp`, in order; the kernel takes the strictest answer of all filters.
  std::vector<Seccomp> seccomp_floor;
  bool new_keyring = true;
  Cgroup cgroup;
  std::optional<IntelRdt> intel_rdt;
  std::vector<std::pair<std::string, std::string>> net_devices;  // host name, name in the container
  std::array<std::vector<Hook>, kHookKinds> hooks;               // index: HookKind
  std::map<std::string, std::string> annotations;
  std::vector<std::string> warnings;  // what was ignored and why; each logged once
  Hardening hardening;
  std::optional<Machine> machine;  // isolation: vm

  const std::vector<Hook>& hooks_of(HookKind kind) const { return hooks[static_cast<size_t>(kind)]; }
  const Namespace* find_namespace(NamespaceType type) const {
    for (const Namespace& ns : namespaces) {
      if (ns.type == type) {
        return &ns;
      }
    }
    return nullptr;
  }
  // True when the container gets a new namespace of this type (not shared, not joined).
  bool creates(NamespaceType type) const {
    const Namespace* ns = find_namespace(type);
    return ns != nullptr && ns->path.empty();
  }
};

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_PLAN_H_
