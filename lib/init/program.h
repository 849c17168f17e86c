// InitProgram: everything that redoubt-init does, as one flat block of memory.
//
// prepare.h (allocates, may fail) writes it into a memfd; the child maps it at kArenaAddress, so
// that the pointers inside are real ones, and executes it without a heap (child/main.cc). Plain
// structs only, shared by both halves; no function here may allocate. Written by the parent alone
// and never handed to the container, so the child trusts it.
#ifndef REDOUBT_INIT_PROGRAM_H_
#define REDOUBT_INIT_PROGRAM_H_

#include <linux/filter.h>
#include <stdint.h>
#include <sys/types.h>

namespace redoubt::init {

// Where the child maps the arena. redoubt-init is linked at a low fixed address and has no other
// mappings but stack and vdso.
inline constexpr uintptr_t kArenaAddress = 0x200000000;

template <typename T>
struct Span {
  T* data = nullptr;
  uint32_t size = 0;
  T* begin() const { return data; }
  T* end() const { return data + size; }
};

enum class SessionKind : uint32_t {
  kCreate,  // a new container; waits on exec.fifo before the user's process starts
  kRun,     // a new container; starts at once
  kExec,    // one more process in a container
};

struct NamespaceJoin {
  int32_t fd;
  int32_t clone_flag;  // CLONE_NEWNET ...
  const char* path;    // for messages
};

struct MountOption {  // one fsconfig(2) call; value null: a flag
  const char* key;
  const char* value;
};

enum class MountSource : uint32_t { kBind, kFilesystem, kProc, kSysfs, kCgroup };

struct MountStep {
  MountSource kind;
  int32_t tree_fd;          // a detached tree that the parent made; -1: the child opens `source`
  const char* destination;  // absolute in the rootfs
  const char* source;       // binds: host path; others: source text
  const char* fs_type;
  Span<MountOption> options;
  uint64_t attr_set, attr_clear;
  uint64_t attr_clear_unlocked;  // cleared as well where the kernel lets us
  uint64_t rec_attr_set, rec_attr_clear;
  uint64_t propagation;
  uint32_t recursive_bind;
  uint32_t recursive_propagation;
  uint32_t copy_up;
  uint32_t inherit_mode;  // tmpfs without mode=: as the directory below
  uint32_t nofollow_source;
  mutable int32_t mount_fd;   // the child's note of where it is attached, for what is done to it later; -1: none
  const char* bind_fallback;  // kCgroup, kSysfs: host path to bind when the mount itself is refused
};

struct DeviceStep {
  const char* path;
  uint32_t node_type;  // S_IFCHR, S_IFBLK, S_IFIFO
  uint32_t mode;
  uint32_t major, minor;
  uint32_t uid, gid;
};

struct SysctlStep {
  const char* name;  // "net/ipv4/ip_forward"
  const char* value;
};

struct HookStep {
  const char* path;
  char** args;
  char** env;
  int64_t timeout_ms;  // -1: none
};

// The state document of a hook. The pid is known to the child only: it is written, right-aligned,
// into blanks that end at pid_end.
struct HookState {
  char* text;
  uint32_t size;
  uint32_t pid_end;
};

struct SchedulerAttr {  // struct sched_attr, sched_setattr(2)
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
  uint32_t util_min, util_max;
};

struct RootfsProgram {
  const char* path;
  int32_t tree_fd;  // as MountStep::tree_fd
  uint32_t readonly;
  uint64_t propagation;        // MS_* with MS_REC: of "/" while mounts are made
  uint64_t final_propagation;  // of the container's root after pivot; 0: leave it
  uint32_t make_parent_private;
  uint32_t no_pivot;
  uint32_t bind_devices;  // user namespace: device nodes are bound from the host, not made
  Span<MountStep> mounts;
  Span<DeviceStep> devices;
  uint32_t setup_dev;  // /dev links and ptmx: /dev is a mount of this container, not a bind of the
                       // host's
  Span<const char*> masked_paths, readonly_paths;
  Span<SysctlStep> sysctls;
  const char* hostname;  // null: leave
  const char* domainname;
};

struct CapabilityMasks {
  uint64_t bounding, effective, inheritable, permitted, ambient;
  uint32_t last_capability;
};

struct SeccompFilter {
  Span<sock_filter> code;
  uint32_t flags;
};

struct LandlockPathStep {
  const char* path;
  uint64_t access;
};

struct LandlockPortStep {
  uint64_t access, port;  // struct landlock_net_port_attr
};

struct LandlockProgram {  // nothing to do when the three masks are zero
  uint64_t handled_fs, handled_net, scoped;
  Span<LandlockPathStep> paths;
  Span<LandlockPortStep> ports;
};

struct ProcessProgram {
  char** args;
  char** env;  // with one free slot behind the last entry, for HOME
  uint32_t env_count;
  uint32_t needs_home;        // HOME missing or empty: filled from the container's passwd
  int32_t home_index;         // entry to replace, -1: append
  const char* path_variable;  // PATH of env, null: none
  const char* cwd;
  uint32_t uid, gid;
  Span<uint32_t> groups;
  uint32_t set_groups;  // 0: setgroups(2) is denied here (rootless)
  uint32_t umask;
  uint32_t terminal, console_height, console_width;
  uint32_t chown_stdio;
  CapabilityMasks capabilities;
  uint32_t no_new_privileges;
  const char* exec_label;        // SELinux label, null: none
  const char* apparmor_profile;  // null: none
  LandlockProgram landlock;
  Span<SeccompFilter> seccomp_floor;  // policy's filters, loaded before config.json's
  Span<sock_filter> seccomp;
  uint32_t seccomp_flags;
  uint32_t seccomp_listener;  // the filter has a notify action: hand the listener to the parent
  uint32_t has_scheduler;
  SchedulerAttr scheduler;
  int32_t io_priority;  // -1: leave
  uint32_t has_personality;
  uint64_t personality;
  int32_t memory_policy_mode;  // -1: leave
  Span<uint64_t> memory_policy_nodes;
  Span<uint64_t> cpu_affinity;  // empty: all
  uint32_t preserve_fds;  // descriptors 3 .. 3 + n - 1 reach the container (LISTEN_FDS included)
};

struct InitProgram {
  uint64_t size;
  SessionKind kind;
  int32_t sync_fd;  // SOCK_SEQPACKET to the parent
  int32_t proc_fd;  // a verified procfs of the parent, for attr/ and sys/
  int32_t fifo_fd;  // exec.fifo, kCreate only
  uint32_t debug;
  uint32_t reports_ready;  // 0: the parent has done its part by now, or is about to: kProceed is awaited, kReady not sent
  // The process is redoubt-vm, executed at once: it reports kDone and waits for `start` itself. It
  // finds sync_fd, this and fifo_fd behind the preserved descriptors. -1: an ordinary process.
  int32_t machine_fd;
  const char* id;

  // Joining: done by a first process that then clones the real one.
  uint32_t needs_joiner;
  Span<NamespaceJoin> joins;
  uint64_t clone_flags;  // of the second clone
  uint32_t new_user_namespace;
  uint32_t become_root;  // setresuid(0) after maps are written or the user namespace is joined
  uint32_t unshare_ipc;  // after become_root
  uint32_t unshare_time;
  const char* time_offsets;  // text for timens_offsets, null: none
  uint32_t unshare_cgroup;
  uint32_t loopback_up;
  Span<NamespaceJoin> made_namespaces;  // by the parent, before the clone: the loopback interface is up

  const char* keyring_name;   // null: keep the caller's session keyring
  uint32_t create_keyring;    // exec joins without changing permissions
  const char* keyring_label;  // SELinux label of the keyring

  uint32_t has_runtime_hooks;  // the parent runs prestart and createRuntime when told that mounts
                               // are in place
  HookState hook_state_creating, hook_state_created;
  Span<HookStep> create_container_hooks, start_container_hooks;

  RootfsProgram rootfs;
  ProcessProgram process;
};

}  // namespace redoubt::init

#endif  // REDOUBT_INIT_PROGRAM_H_
