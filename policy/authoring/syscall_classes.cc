#include "policy/authoring/syscall_classes.h"

#include <algorithm>

namespace redoubt::policy {
namespace {

constexpr std::string_view kFiles[] = {
    "_llseek", "access", "arm_fadvise64_64", "arm_sync_file_range", "cachestat", "close",
    "close_range", "copy_file_range", "creat", "dup", "dup2", "dup3", "faccessat", "faccessat2",
    "fadvise64", "fadvise64_64", "fallocate", "fcntl", "fcntl64", "fdatasync", "flock", "fstat",
    "fstat64", "fstatat64", "fsync", "ftruncate", "ftruncate64", "ioctl", "lseek", "lstat",
    "lstat64", "memfd_create", "name_to_handle_at", "newfstatat", "oldfstat", "oldlstat", "oldstat",
    "open", "openat", "openat2", "pipe", "pipe2", "pread64", "preadv", "preadv2", "pwrite64",
    "pwritev", "pwritev2", "read", "readahead", "readv", "sendfile", "sendfile64", "splice", "stat",
    "stat64", "statx", "sync", "sync_file_range", "syncfs", "tee", "truncate", "truncate64",
    "vmsplice", "write", "writev",
};
static_assert(std::is_sorted(std::begin(kFiles), std::end(kFiles)));

constexpr std::string_view kNames[] = {
    "chdir", "chmod", "chown", "chown32", "chroot", "fanotify_mark", "fchdir", "fchmod", "fchmodat",
    "fchmodat2", "fchown", "fchown32", "fchownat", "fgetxattr", "flistxattr", "fremovexattr",
    "fsetxattr", "fstatfs", "fstatfs64", "futimesat", "getcwd", "getdents", "getdents64",
    "getxattr", "getxattrat", "inotify_add_watch", "inotify_init", "inotify_init1",
    "inotify_rm_watch", "lchown", "lchown32", "lgetxattr", "link", "linkat", "listmount",
    "listxattr", "listxattrat", "llistxattr", "lremovexattr", "lsetxattr", "mkdir", "mkdirat",
    "mknod", "mknodat", "readdir", "readlink", "readlinkat", "removexattr", "removexattrat",
    "rename", "renameat", "renameat2", "rmdir", "setxattr", "setxattrat", "statfs", "statfs64",
    "statmount", "symlink", "symlinkat", "umask", "unlink", "unlinkat", "utime", "utimensat",
    "utimensat_time64", "utimes",
};
static_assert(std::is_sorted(std::begin(kNames), std::end(kNames)));

constexpr std::string_view kMemory[] = {
    "brk", "cacheflush", "get_mempolicy", "madvise", "map_shadow_stack", "mbind", "membarrier",
    "memfd_secret", "migrate_pages", "mincore", "mlock", "mlock2", "mlockall", "mmap", "mmap2",
    "move_pages", "mprotect", "mremap", "mseal", "msync", "munlock", "munlockall", "munmap",
    "pkey_alloc", "pkey_free", "pkey_mprotect", "process_mrelease", "remap_file_pages",
    "set_mempolicy", "set_mempolicy_home_node",
};
static_assert(std::is_sorted(std::begin(kMemory), std::end(kMemory)));

constexpr std::string_view kProcesses[] = {
    "arch_prctl", "breakpoint", "clone", "clone3", "execve", "execveat", "exit", "exit_group",
    "fork", "get_robust_list", "get_thread_area", "get_tls", "getcpu", "getpgid", "getpgrp",
    "getpid", "getppid", "getpriority", "getrlimit", "getrusage", "getsid", "gettid", "ioprio_get",
    "ioprio_set", "modify_ldt", "nice", "personality", "pidfd_open", "prctl", "prlimit64", "rseq",
    "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity", "sched_getattr",
    "sched_getparam", "sched_getscheduler", "sched_rr_get_interval", "sched_rr_get_interval_time64",
    "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield",
    "set_robust_list", "set_thread_area", "set_tid_address", "set_tls", "setpgid", "setpriority",
    "setrlimit", "setsid", "ugetrlimit", "unshare", "usr26", "usr32", "vfork", "wait4", "waitid",
    "waitpid",
};
static_assert(std::is_sorted(std::begin(kProcesses), std::end(kProcesses)));

constexpr std::string_view kIdentity[] = {
    "capget", "capset", "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32",
    "getgroups", "getgroups32", "getresgid", "getresgid32", "getresuid", "getresuid32", "getuid",
    "getuid32", "setfsgid", "setfsgid32", "setfsuid", "setfsuid32", "setgid", "setgid32",
    "setgroups", "setgroups32", "setregid", "setregid32", "setresgid", "setresgid32", "setresuid",
    "setresuid32", "setreuid", "setreuid32", "setuid", "setuid32",
};
static_assert(std::is_sorted(std::begin(kIdentity), std::end(kIdentity)));

constexpr std::string_view kSignals[] = {
    "kill", "pause", "pidfd_send_signal", "restart_syscall", "rt_sigaction", "rt_sigpending",
    "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
    "rt_sigtimedwait_time64", "rt_tgsigqueueinfo", "sgetmask", "sigaction", "sigaltstack", "signal",
    "signalfd", "signalfd4", "sigpending", "sigprocmask", "sigreturn", "sigsuspend", "ssetmask",
    "tgkill", "tkill",
};
static_assert(std::is_sorted(std::begin(kSignals), std::end(kSignals)));

constexpr std::string_view kNetwork[] = {
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen",
    "recv", "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg", "send", "sendmmsg", "sendmsg",
    "sendto", "setsockopt", "shutdown", "socket", "socketcall", "socketpair",
};
static_assert(std::is_sorted(std::begin(kNetwork), std::end(kNetwork)));

constexpr std::string_view kWaiting[] = {
    "_newselect", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait",
    "epoll_pwait2", "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "futex", "futex_requeue",
    "futex_time64", "futex_wait", "futex_waitv", "futex_wake", "io_cancel", "io_destroy",
    "io_getevents", "io_pgetevents", "io_pgetevents_time64", "io_setup", "io_submit", "poll",
    "ppoll", "ppoll_time64", "pselect6", "pselect6_time64", "select",
};
static_assert(std::is_sorted(std::begin(kWaiting), std::end(kWaiting)));

constexpr std::string_view kTime[] = {
    "adjtimex", "alarm", "clock_adjtime", "clock_adjtime64", "clock_getres", "clock_getres_time64",
    "clock_gettime", "clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "getitimer",
    "gettimeofday", "nanosleep", "setitimer", "time", "timer_create", "timer_delete",
    "timer_getoverrun", "timer_gettime", "timer_gettime64", "timer_settime", "timer_settime64",
    "timerfd_create", "timerfd_gettime", "timerfd_gettime64", "timerfd_settime",
    "timerfd_settime64", "times",
};
static_assert(std::is_sorted(std::begin(kTime), std::end(kTime)));

constexpr std::string_view kMessages[] = {
    "ipc", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedreceive_time64",
    "mq_timedsend", "mq_timedsend_time64", "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd",
    "semctl", "semget", "semop", "semtimedop", "semtimedop_time64", "shmat", "shmctl", "shmdt",
    "shmget",
};
static_assert(std::is_sorted(std::begin(kMessages), std::end(kMessages)));

constexpr std::string_view kSystem[] = {
    "getrandom", "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self",
    "lsm_get_self_attr", "lsm_list_modules", "oldolduname", "olduname", "seccomp", "setdomainname",
    "sethostname", "sysinfo", "uname",
};
static_assert(std::is_sorted(std::begin(kSystem), std::end(kSystem)));

constexpr SyscallClass kClasses[] = {
    {"files and pipes", kFiles},
    {"names, owners and modes", kNames},
    {"memory", kMemory},
    {"processes and scheduling", kProcesses},
    {"users and capabilities", kIdentity},
    {"signals", kSignals},
    {"sockets", kNetwork},
    {"waiting and asynchronous I/O", kWaiting},
    {"time", kTime},
    {"messages and shared memory", kMessages},
    {"system and self-confinement", kSystem},
};

}  // namespace

std::span<const SyscallClass> syscall_classes() {
  return kClasses;
}

}  // namespace redoubt::policy
