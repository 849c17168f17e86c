/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What the programs in the kernel and the loader agree on: the values of the maps. A change of any of them is a new REDOUBT_BPF_ABI, with pins
 * of its own (pins.h), so that programs and records of different versions never meet. Plain C: both compilers read it. */
#ifndef REDOUBT_BPF_ABI_H_
#define REDOUBT_BPF_ABI_H_

#ifdef __cplusplus
#include <cstdint>
typedef std::uint32_t redoubt_u32;
typedef std::uint64_t redoubt_u64;
#else
#include <linux/types.h>
typedef __u32 redoubt_u32;
typedef __u64 redoubt_u64;
#endif

#define REDOUBT_BPF_ABI 2

/* The parts of the kernel that can be closed to a container: bit numbers in redoubt_task and redoubt_meta, and the field of the policy document
 * that each one is. Only ever extended at the end. */
#define REDOUBT_SURFACES(X)                       \
  X(BPF, "kernel.bpf")                            \
  X(CLOCK, "kernel.clock")                        \
  X(FILELESS_EXEC, "kernel.filelessExec")         \
  X(HOST_CONTROL, "kernel.hostControl")           \
  X(HOST_FILES, "kernel.hostFiles")               \
  X(IO_URING, "kernel.ioUring")                   \
  X(KEXEC, "kernel.kexec")                        \
  X(KEYRINGS, "kernel.keyrings")                  \
  X(MODULES, "kernel.modules")                    \
  X(MOUNTS, "kernel.mounts")                      \
  X(PERF, "kernel.perf")                          \
  X(PTRACE, "kernel.ptrace")                      \
  X(PTRACE_OUTSIDE, "kernel.ptraceOutside")       \
  X(RAW_IO, "kernel.rawIo")                       \
  X(SYSLOG, "kernel.syslog")                      \
  X(TERMINAL_INJECTION, "kernel.terminalInjection") \
  X(USER_NAMESPACES, "kernel.userNamespaces")     \
  X(USERFAULTFD, "kernel.userfaultfd")            \
  X(FAMILIES, "network.families")

enum redoubt_surface {
#define X(name, path) REDOUBT_SURFACE_##name,
  REDOUBT_SURFACES(X)
#undef X
  REDOUBT_SURFACE_COUNT,
};

/* The hooks of the kernel's security modules that have a program; audit_seccomp, the function that the kernel calls for what a system call filter
 * has refused or logged; and the functions of Landlock that refuse files: number in an event, and name. Only ever extended at the end. */
#define REDOUBT_HOOKS(X)      \
  X(bpf)                      \
  X(bprm_creds_for_exec)      \
  X(file_ioctl)               \
  X(file_ioctl_compat)        \
  X(file_open)                \
  X(inode_init_security_anon) \
  X(kernel_load_data)         \
  X(kernel_read_file)         \
  X(key_alloc)                \
  X(key_permission)           \
  X(locked_down)              \
  X(move_mount)               \
  X(perf_event_open)          \
  X(ptrace_access_check)      \
  X(ptrace_traceme)           \
  X(quotactl)                 \
  X(sb_mount)                 \
  X(sb_pivotroot)             \
  X(sb_remount)               \
  X(sb_umount)                \
  X(settime)                  \
  X(socket_create)            \
  X(syslog)                   \
  X(uring_allowed)            \
  X(userns_create)            \
  X(audit_seccomp)            \
  X(hook_file_open)           \
  X(hook_path_link)           \
  X(hook_path_mkdir)          \
  X(hook_path_mknod)          \
  X(hook_path_rename)         \
  X(hook_path_rmdir)          \
  X(hook_path_symlink)        \
  X(hook_path_truncate)       \
  X(hook_path_unlink)

enum redoubt_hook {
#define X(name) REDOUBT_HOOK_##name,
  REDOUBT_HOOKS(X)
#undef X
  REDOUBT_HOOK_COUNT,
};

enum redoubt_state {
  REDOUBT_STAGED = 1, /* the runtime's own code: nothing is judged until its execve */
  REDOUBT_ACTIVE = 2, /* the container's code */
};

#define REDOUBT_REPORTS_FILES 1U /* what Landlock refuses */

#define REDOUBT_CONTAINER_NAME 72
#define REDOUBT_COMM 16
#define REDOUBT_OBJECT 40
#define REDOUBT_ANCESTORS 4

/* Value of the task storage, one copy a task. A container's whole policy in the kernel is here, so nothing is left behind when its tasks end. */
struct redoubt_task {
  redoubt_u32 state; /* enum redoubt_state */
  redoubt_u32 reports; /* REDOUBT_REPORTS_*: what of it goes to the log that is refused elsewhere */
  redoubt_u64 denied;   /* 1 << enum redoubt_surface: refused with EPERM */
  redoubt_u64 audited;  /* likewise: logged and let through */
  redoubt_u64 families; /* 1 << AF_*: the families that socket(2) may have, when REDOUBT_SURFACE_FAMILIES is denied or audited */
  char container[REDOUBT_CONTAINER_NAME]; /* the id, cut to fit, NUL-terminated; for the log only */
};

struct redoubt_ancestor {
  redoubt_u32 pid;
  char comm[REDOUBT_COMM];
};

/* One violation. The log is an array that is written round and round: readers take nothing away and see by `sequence` what they missed. */
struct redoubt_event {
  redoubt_u64 sequence; /* from 1; 0 while it is written */
  redoubt_u64 time;     /* nanoseconds of CLOCK_BOOTTIME */
  redoubt_u64 cgroup;   /* id (inode) of the cgroup v2 */
  redoubt_u64 detail;   /* by surface: ioctl request, address family, bpf command, reason of the lockdown hook; else 0.
                         * audit_seccomp: number of the system call, and REDOUBT_FOREIGN_TABLE.
                         * Landlock: what was wanted (LANDLOCK_ACCESS_FS_*), and << REDOUBT_LACKING what of it was missing; 0: not known */
  redoubt_u64 arguments[2]; /* of the system call, the first two; audit_seccomp only */
  redoubt_u32 surface;  /* enum redoubt_surface; audit_seccomp, Landlock: REDOUBT_SURFACE_COUNT, the reader finds out */
  redoubt_u32 denied;   /* 1: refused; 0: let through */
  redoubt_u32 hook;     /* enum redoubt_hook */
  redoubt_u32 error;    /* what the caller gets: EPERM, ENOSYS ...; 0: it was let through, or the filter has killed or signalled it */
  redoubt_u32 pid, tid, uid;
  char object[REDOUBT_OBJECT]; /* last component of the file's name, where there is one and it is short */
  char comm[REDOUBT_COMM];
  char container[REDOUBT_CONTAINER_NAME];
  struct redoubt_ancestor ancestors[REDOUBT_ANCESTORS];
};

/* In `detail`: the call came by the table of another architecture (32-bit programs). */
#define REDOUBT_FOREIGN_TABLE (1ULL << 32)
#define REDOUBT_LACKING 32

#define REDOUBT_LOG_EVENTS 4096 /* a power of two */

#define REDOUBT_PATH 512 /* bytes, with the zero at its end; a power of two */

struct redoubt_path {
  redoubt_u32 start;    /* in its half of the text; REDOUBT_PATH - 1: there is none */
  redoubt_u32 cut;      /* 1: it is longer or deeper than what is kept, and the end of it was */
  redoubt_u32 detached; /* 1: it does not lead to the root of the process */
  redoubt_u32 reserved;
};

/* The paths of a refusal by Landlock, beside its event: the same number, the same slot. A map that is there only since a container asked for it. */
struct redoubt_paths {
  redoubt_u64 sequence; /* of its event; 0 while it is written */
  struct redoubt_path paths[2]; /* the second one: of link and rename, the new name */
  char text[2 * REDOUBT_PATH + 256]; /* path i is in [i * REDOUBT_PATH, ...); the rest is what the kernel's verifier takes for reachable */
};

/* Made and pinned last: where it is, the set is complete. */
struct redoubt_meta {
  redoubt_u32 abi;
  redoubt_u32 programs;   /* attached */
  redoubt_u32 sees_filters; /* 1: what system call filters refuse is in the log */
  redoubt_u32 reserved;
  redoubt_u64 surfaces;   /* 1 << enum redoubt_surface: at least one hook is attached */
  redoubt_u64 loaded;     /* seconds since the epoch */
  char version[32]; /* of the redoubt that loaded it */
};

#endif /* REDOUBT_BPF_ABI_H_ */
