// The shape of a step: one kernel concept, five to forty lines, no heap, no library. What a step
// cannot do it reports as errno and the object's name; the parent turns that into words
// (launch/failure_text).
#ifndef REDOUBT_INIT_CHILD_STEP_H_
#define REDOUBT_INIT_CHILD_STEP_H_

#include "init/program.h"
#include "init/protocol.h"

namespace redoubt::init {

inline constexpr uint32_t kItemLimit = kItemSize;

// err 0: done. item: borrowed, must outlive the report (arena text, a literal or Context::scratch).
struct StepStatus {
  int err = 0;
  const char* item = nullptr;
};

inline constexpr StepStatus kOk{};

// What the steps share while they run. Descriptors are plain numbers: this process executes
// something else or exits, and close_range before execve closes what is left.
struct Context {
  int sync_fd = -1;
  int root_fd = -1;       // the container's rootfs mount
  uint64_t root_device = 0, root_inode = 0;  // what it is (stat(2))
  int host_null_fd = -1;  // the host's /dev/null, verified
  int proc_mount_fd = -1;  // what is mounted at /proc and /sys of the container; -1: nothing
  int sys_mount_fd = -1;
  int mask_fd = -1;  // the empty tmpfs over masked directories, once it is attached
  int listener_fd = -1;
  int console_fd = -1;  // pty slave
  int host_pid = 0;     // our pid in the parent's namespace
  bool awaits_parent = false;  // PreparedInit::awaits_parent
  char scratch[kItemLimit] = {};
};

using StepFunction = StepStatus (*)(const InitProgram&, Context&);

// channel.cc
bool send_message(
    const Context& context, SyncWord word, InitStep step, int err, int value, const char* item);
bool send_descriptor(const Context& context, SyncWord word, int fd, const char* item);
// Waits for kProceed; its value, or -errno when the parent is gone.
long await_proceed(const Context& context);
// The same as a step; the value is our pid.
StepStatus await_answer(Context& context);

// step_namespaces.cc
StepStatus join_namespaces(const InitProgram& program, Context& context);
StepStatus write_time_offsets(const InitProgram& program, Context& context);
StepStatus clone_init(const InitProgram& program, Context& context);  // returns in the child only
StepStatus await_parent(const InitProgram& program, Context& context);
StepStatus become_root(const InitProgram& program, Context& context);
StepStatus start_session(const InitProgram& program, Context& context);
StepStatus join_keyring(const InitProgram& program, Context& context);
StepStatus loopback_up(const InitProgram& program, Context& context);
StepStatus unshare_ipc(const InitProgram& program, Context& context);
StepStatus enter_made_namespaces(const InitProgram& program, Context& context);
StepStatus unshare_cgroup(const InitProgram& program, Context& context);
StepStatus set_hostname(const InitProgram& program, Context& context);
StepStatus write_sysctls(const InitProgram& program, Context& context);

// step_rootfs.cc
StepStatus set_root_propagation(const InitProgram& program, Context& context);
StepStatus bind_rootfs(const InitProgram& program, Context& context);
StepStatus make_working_directory(const InitProgram& program, Context& context);
StepStatus protect_root(const InitProgram& program, Context& context);
StepStatus enter_root(const InitProgram& program, Context& context);

// step_protect.cc
StepStatus mask_paths(const InitProgram& program, Context& context);
StepStatus protect_paths(const InitProgram& program, Context& context);

// step_mounts.cc, step_devices.cc
StepStatus make_mounts(const InitProgram& program, Context& context);
StepStatus make_devices(const InitProgram& program, Context& context);

// step_hooks.cc
StepStatus await_runtime_hooks(const InitProgram& program, Context& context);
StepStatus run_create_container_hooks(const InitProgram& program, Context& context);
StepStatus run_start_container_hooks(const InitProgram& program, Context& context);

// step_console.cc
StepStatus open_console(const InitProgram& program, Context& context);
StepStatus chown_stdio(const InitProgram& program, Context& context);

// step_confine.cc
StepStatus report_ready(const InitProgram& program, Context& context);
StepStatus set_scheduling(const InitProgram& program, Context& context);
StepStatus set_labels(const InitProgram& program, Context& context);
StepStatus set_no_new_privileges(const InitProgram& program, Context& context);
StepStatus restrict_with_landlock(const InitProgram& program, Context& context);  // step_landlock.cc
StepStatus seccomp_early(const InitProgram& program, Context& context);
StepStatus seccomp_late(const InitProgram& program, Context& context);
StepStatus set_identity(const InitProgram& program, Context& context);
StepStatus set_capabilities(const InitProgram& program, Context& context);

// step_exec.cc
StepStatus change_directory(const InitProgram& program, Context& context);
StepStatus fill_home(const InitProgram& program, Context& context);
StepStatus look_up_command(const InitProgram& program, Context& context);
StepStatus report_done(const InitProgram& program, Context& context);
StepStatus await_start(const InitProgram& program, Context& context);
StepStatus execute(const InitProgram& program, Context& context);

}  // namespace redoubt::init

#endif  // REDOUBT_INIT_CHILD_STEP_H_
