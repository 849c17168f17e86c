// The table of steps: the heart of the launcher. Order is data; the comments say why a step stands
// where it does, and tests/unit/init/steps_test.cc asserts the orders that security depends on.
#include "init/child/steps.h"

namespace redoubt::init {

constexpr StepEntry kSteps[] = {
    // --- as the joiner, before the process that becomes init exists ---
    // Existing namespaces first: the second clone is then created inside them, and with
    // CLONE_PARENT it is the parent's own child.
    {InitStep::kJoinNamespaces, join_namespaces, kJoiner},
    // timens_offsets can be written only while nobody lives in the new time namespace.
    {InitStep::kTimeOffsets, write_time_offsets, kJoiner},
    {InitStep::kCloneInit, clone_init, kJoiner},
    // --- as init ---
    // The parent has written the id maps, attached the cgroup and moved network devices when it
    // answers. Where none of these is to be done nobody waits: a process that sleeps here would be
    // woken on another processor while the parent has nothing else to do.
    {InitStep::kAwaitParent, await_parent, kAll},
    // Maps are written: only now is uid 0 of the user namespace ours.
    {InitStep::kBecomeRoot, become_root, kAll},
    // By the container's root, who then owns the message queues' directory.
    {InitStep::kIpcNamespace, unshare_ipc, kNew},
    // Before mqueue and sysfs are mounted and sysctls are written, which are those of these namespaces.
    {InitStep::kMadeNamespaces, enter_made_namespaces, kNew},
    {InitStep::kSession, start_session, kAll},
    {InitStep::kKeyring, join_keyring, kAll},
    {InitStep::kLoopback, loopback_up, kNew},
    // After joining the cgroup (clone into it, or the parent's attach): the namespace's root is the
    // cgroup at this moment.
    {InitStep::kCgroupNamespace, unshare_cgroup, kNew},
    // No mount of ours may travel to the host: propagation is cut before anything else is mounted.
    {InitStep::kRootfsPropagation, set_root_propagation, kNew},
    {InitStep::kRootfsBind, bind_rootfs, kNew},
    {InitStep::kMounts, make_mounts, kNew},
    {InitStep::kDevices, make_devices, kNew},
    {InitStep::kRuntimeHooks, await_runtime_hooks, kNew},
    {InitStep::kCreateContainerHooks, run_create_container_hooks, kNew},
    // While the rootfs is still writable.
    {InitStep::kWorkingDirectory, make_working_directory, kNew},
    // After hooks (they may mount into /proc or /sys), before pivot: the host's /dev/null is still
    // at hand, and every target is found
    // beneath the rootfs descriptor.
    {InitStep::kReadonlyPaths, protect_paths, kNew},
    {InitStep::kMaskPaths, mask_paths, kNew},
    {InitStep::kPivot, enter_root, kNew},
    {InitStep::kConsole, open_console, kAll},
    {InitStep::kReadonlyRoot, protect_root, kNew},
    {InitStep::kHostname, set_hostname, kNew},
    {InitStep::kSysctl, write_sysctls, kNew},
    // The parent sets rlimits and oom_score_adj (raising needs privilege over the host) and records
    // the pid.
    {InitStep::kReady, report_ready, kAll},
    {InitStep::kScheduling, set_scheduling, kAll},
    {InitStep::kStdio, chown_stdio, kAll},
    {InitStep::kLabel, set_labels, kAll},
    {InitStep::kNoNewPrivileges, set_no_new_privileges, kAll},
    // As root of the container first: the directory may not be reachable for the user.
    {InitStep::kChdir, change_directory, kAll},
    {InitStep::kHome, fill_home, kAll},
    // After the last file that init itself reads, and before identity: without no_new_privs the
    // kernel wants CAP_SYS_ADMIN for it.
    {InitStep::kLandlock, restrict_with_landlock, kAll},
    // Without no_new_privs a filter needs CAP_SYS_ADMIN, so it goes on before identity and
    // capabilities are given up.
    {InitStep::kSeccompEarly, seccomp_early, kAll},
    {InitStep::kIdentity, set_identity, kAll},
    {InitStep::kCapabilities, set_capabilities, kAll},
    {InitStep::kLookup, look_up_command, kAll},
    // With no_new_privs: as late as possible, so that the profile need not allow our own calls.
    {InitStep::kSeccompLate, seccomp_late, kAll},
    {InitStep::kDone, report_done, kAll},
    {InitStep::kAwaitStart, await_start, kNew},
    {InitStep::kStartContainerHooks, run_start_container_hooks, kNew},
    {InitStep::kExecve, execute, kAll},
};

constexpr unsigned kStepCount = sizeof kSteps / sizeof kSteps[0];

}  // namespace redoubt::init
