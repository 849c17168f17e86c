#include "policy/surface_table.h"

#include <errno.h>
#include <linux/capability.h>

#include <algorithm>

namespace redoubt::policy {
namespace {

constexpr auto bit = capability_bit;

// Sorted by name. ENOSYS where programs fall back to something else when the kernel lacks the call.
constexpr SurfaceCall kCalls[] = {
    {"_sysctl", Field::kHostControl, EPERM, 0},
    {"acct", Field::kHostControl, EPERM, bit(CAP_SYS_PACCT)},
    {"add_key", Field::kKeyrings, EPERM, bit(CAP_SYS_ADMIN)},
    {"afs_syscall", Field::kHostControl, EPERM, 0},
    {"bdflush", Field::kHostControl, EPERM, 0},
    {"bpf", Field::kBpf, EPERM, bit(CAP_BPF) | bit(CAP_SYS_ADMIN)},
    {"break", Field::kHostControl, EPERM, 0},
    {"clock_settime", Field::kClock, EPERM, bit(CAP_SYS_TIME)},
    {"clock_settime64", Field::kClock, EPERM, bit(CAP_SYS_TIME)},
    {"create_module", Field::kHostControl, EPERM, 0},
    {"delete_module", Field::kModules, EPERM, bit(CAP_SYS_MODULE)},
    {"fanotify_init", Field::kHostControl, EPERM, bit(CAP_SYS_ADMIN)},
    {"finit_module", Field::kModules, EPERM, bit(CAP_SYS_MODULE)},
    {"fsconfig", Field::kMounts, EPERM, bit(CAP_SYS_ADMIN)},
    {"fsmount", Field::kMounts, EPERM, bit(CAP_SYS_ADMIN)},
    {"fsopen", Field::kMounts, EPERM, bit(CAP_SYS_ADMIN)},
    {"fspick", Field::kMounts, EPERM, bit(CAP_SYS_ADMIN)},
    {"ftime", Field::kHostControl, EPERM, 0},
    {"get_kernel_syms", Field::kHostControl, EPERM, 0},
    {"getpmsg", Field::kHostControl, EPERM, 0},
    {"gtty", Field::kHostControl, EPERM, 0},
    {"idle", Field::kHostControl, EPERM, 0},
    {"init_module", Field::kModules, EPERM, bit(CAP_SYS_MODULE)},
    {"io_uring_enter", Field::kIoUring, ENOSYS, 0},
    {"io_uring_register", Field::kIoUring, ENOSYS, 0},
    {"io_uring_setup", Field::kIoUring, ENOSYS, 0},
    {"ioperm", Field::kRawIo, EPERM, bit(CAP_SYS_RAWIO)},
    {"iopl", Field::kRawIo, EPERM, bit(CAP_SYS_RAWIO)},
    {"kcmp", Field::kPtrace, EPERM, bit(CAP_SYS_PTRACE)},
    {"kexec_file_load", Field::kKexec, EPERM, bit(CAP_SYS_BOOT)},
    {"kexec_load", Field::kKexec, EPERM, bit(CAP_SYS_BOOT)},
    {"keyctl", Field::kKeyrings, EPERM, bit(CAP_SYS_ADMIN)},
    {"lock", Field::kHostControl, EPERM, 0},
    {"lookup_dcookie", Field::kHostControl, EPERM, bit(CAP_SYS_ADMIN)},
    {"mount", Field::kMounts, EPERM, bit(CAP_SYS_ADMIN)},
    {"mount_setattr", Field::kMounts, EPERM, bit(CAP_SYS_ADMIN)},
    {"move_mount", Field::kMounts, EPERM, bit(CAP_SYS_ADMIN)},
    {"mpx", Field::kHostControl, EPERM, 0},
    {"nfsservctl", Field::kHostControl, EPERM, bit(CAP_SYS_ADMIN)},
    {"open_by_handle_at", Field::kFileHandles, EPERM, bit(CAP_DAC_READ_SEARCH)},
    {"open_tree", Field::kMounts, EPERM, bit(CAP_SYS_ADMIN)},
    {"pciconfig_iobase", Field::kRawIo, EPERM, bit(CAP_SYS_RAWIO)},
    {"pciconfig_read", Field::kRawIo, EPERM, bit(CAP_SYS_RAWIO)},
    {"pciconfig_write", Field::kRawIo, EPERM, bit(CAP_SYS_RAWIO)},
    {"perf_event_open", Field::kPerf, EPERM, bit(CAP_PERFMON) | bit(CAP_SYS_ADMIN)},
    {"pidfd_getfd", Field::kPtrace, EPERM, bit(CAP_SYS_PTRACE)},
    {"pivot_root", Field::kMounts, EPERM, bit(CAP_SYS_ADMIN)},
    {"process_madvise", Field::kPtrace, EPERM, bit(CAP_SYS_PTRACE)},
    {"process_vm_readv", Field::kPtrace, EPERM, bit(CAP_SYS_PTRACE)},
    {"process_vm_writev", Field::kPtrace, EPERM, bit(CAP_SYS_PTRACE)},
    {"prof", Field::kHostControl, EPERM, 0},
    {"profil", Field::kHostControl, EPERM, 0},
    {"ptrace", Field::kPtrace, EPERM, bit(CAP_SYS_PTRACE)},
    {"putpmsg", Field::kHostControl, EPERM, 0},
    {"query_module", Field::kHostControl, EPERM, 0},
    {"quotactl", Field::kHostControl, EPERM, bit(CAP_SYS_ADMIN)},
    {"quotactl_fd", Field::kHostControl, EPERM, bit(CAP_SYS_ADMIN)},
    {"reboot", Field::kKexec, EPERM, bit(CAP_SYS_BOOT)},
    {"request_key", Field::kKeyrings, EPERM, bit(CAP_SYS_ADMIN)},
    {"security", Field::kHostControl, EPERM, 0},
    {"setns", Field::kMounts, EPERM, bit(CAP_SYS_ADMIN)},
    {"settimeofday", Field::kClock, EPERM, bit(CAP_SYS_TIME)},
    {"stime", Field::kClock, EPERM, bit(CAP_SYS_TIME)},
    {"stty", Field::kHostControl, EPERM, 0},
    {"swapoff", Field::kHostControl, EPERM, bit(CAP_SYS_ADMIN)},
    {"swapon", Field::kHostControl, EPERM, bit(CAP_SYS_ADMIN)},
    {"sysfs", Field::kHostControl, EPERM, bit(CAP_SYS_ADMIN)},
    {"syslog", Field::kSyslog, EPERM, bit(CAP_SYSLOG) | bit(CAP_SYS_ADMIN)},
    {"tuxcall", Field::kHostControl, EPERM, 0},
    {"ulimit", Field::kHostControl, EPERM, 0},
    {"umount", Field::kMounts, EPERM, bit(CAP_SYS_ADMIN)},
    {"umount2", Field::kMounts, EPERM, bit(CAP_SYS_ADMIN)},
    {"uselib", Field::kHostControl, EPERM, bit(CAP_SYS_ADMIN)},
    {"userfaultfd", Field::kUserfaultfd, ENOSYS, bit(CAP_SYS_PTRACE) | bit(CAP_SYS_ADMIN)},
    {"ustat", Field::kHostControl, EPERM, bit(CAP_SYS_ADMIN)},
    {"vhangup", Field::kHostControl, EPERM, bit(CAP_SYS_TTY_CONFIG)},
    {"vm86", Field::kHostControl, EPERM, 0},
    {"vm86old", Field::kHostControl, EPERM, 0},
    {"vserver", Field::kHostControl, EPERM, 0},
};
static_assert(std::is_sorted(std::begin(kCalls),
                             std::end(kCalls),
                             [](const SurfaceCall& a, const SurfaceCall& b) {
                               return a.name < b.name;
                             }));

}  // namespace

std::span<const SurfaceCall> surface_calls() {
  return kCalls;
}

}  // namespace redoubt::policy
