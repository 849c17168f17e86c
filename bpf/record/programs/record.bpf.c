/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What a workload does, as sets of keys in maps.
 *
 * A process is tracked from the redoubt that the recorder starts, or from when it was found in the container's cgroup, through fork and execve. What
 * redoubt-init prepares is not the workload's; the execve that ends it is the exact start. Raw tracepoints only, and one kprobe that has a
 * substitute: they load and attach where no BPF LSM program does, and where the kernel was built without kprobes. */
#include <asm/errno.h>
#include <asm/fcntl.h>

#include "file.h"
#include "socket.h"

#define CAP_OPT_NOAUDIT_BIT 0x2 /* the kernel only asks: nothing fails without it */
#define TS_COMPAT_BIT 0x2
#define X32_BIT 0x40000000

static __always_inline void track(__u32 tgid, __u32 state) {
  struct redoubt_record_summary* all = summary();
  if (bpf_map_update_elem(&rec_tasks, &tgid, &state, BPF_ANY) != 0 && all) {
    __sync_fetch_and_add(&all->lost_tasks, 1);
  }
}

/* ---- who is recorded ---- */

/* A new process that has the number of one whose end was not seen is another one. */
SEC("raw_tp/sched_process_fork")
int record_fork(struct bpf_raw_tracepoint_args* ctx) {
  struct task_struct* parent = (void*)ctx->args[0];
  struct task_struct* child = (void*)ctx->args[1];
  __u32 from = BPF_CORE_READ(parent, tgid), to = BPF_CORE_READ(child, tgid);
  __u32 state = from == to ? 0 : state_of(from);
  if (state) {
    track(to, state);
  } else if (from != to) {
    bpf_map_delete_elem(&rec_tasks, &to);
  }
  return 0;
}

/* The last thread of a process. */
SEC("raw_tp/sched_process_exit")
int record_exit(struct bpf_raw_tracepoint_args* ctx) {
  struct task_struct* task = (void*)ctx->args[0];
  __u32 tgid = BPF_CORE_READ(task, tgid);
  if (state_of(tgid) && BPF_CORE_READ(task, signal, live.counter) == 0) {
    bpf_map_delete_elem(&rec_tasks, &tgid);
  }
  return 0;
}

static __always_inline bool is_redoubt_init(struct linux_binprm* bprm) {
  const char expected[] = "memfd:redoubt-init";
  char name[sizeof expected] = {};
  struct dentry* dentry = BPF_CORE_READ(bprm, file, f_path.dentry);
  const unsigned char* text = BPF_CORE_READ(dentry, d_name.name);
  bpf_probe_read_kernel_str(name, sizeof name, text);
  for (unsigned i = 0; i < sizeof expected; ++i) {
    if (name[i] != expected[i]) {
      return false;
    }
  }
  return true;
}

static long see_loader(struct task_struct* task, struct vm_area_struct* area, void* context) {
  see_file(BPF_CORE_READ(area, vm_file), REDOUBT_RECORD_READ | REDOUBT_RECORD_EXECUTE);
  return 0;
}

/* The program; the loader, in whose text the process now stands; and the script, of which only the name is left. */
static __always_inline void see_program(struct linux_binprm* bprm) {
  struct record_room* place = room();
  struct task_struct* task = bpf_get_current_task_btf();
  if (!place) {
    return;
  }
  see_file(BPF_CORE_READ(bprm, file), REDOUBT_RECORD_READ | REDOUBT_RECORD_EXECUTE | REDOUBT_RECORD_PROGRAM);
  bpf_probe_read_kernel(&place->registers, sizeof place->registers, (void*)bpf_task_pt_regs(task));
  bpf_find_vma(task, RECORD_POINTER(&place->registers), see_loader, 0, 0);
  const char* script = BPF_CORE_READ(bprm, filename);
  clear_name(&place->name);
  if (script != BPF_CORE_READ(bprm, interp) &&
      bpf_probe_read_kernel_str(place->name.text, sizeof place->name.text, script) > 0) {
    see_name(NO_DIRECTORY_FD, REDOUBT_RECORD_READ | REDOUBT_RECORD_EXECUTE | REDOUBT_RECORD_PROGRAM);
  }
}

SEC("raw_tp/sched_process_exec")
int record_exec(struct bpf_raw_tracepoint_args* ctx) {
  struct linux_binprm* bprm = (void*)ctx->args[2];
  struct redoubt_record_summary* all = summary();
  __u32 tgid = bpf_get_current_pid_tgid() >> 32;
  __u32 state = state_of(tgid);
  if (!all) {
    return 0;
  }
  if (state == REDOUBT_RECORD_IGNORED) {
    return 0;
  }
  if (is_redoubt_init(bprm)) {
    if (!state && all->cgroup && all->cgroup == bpf_get_current_cgroup_id()) {
      __sync_fetch_and_add(&all->sessions, 1);
      state = REDOUBT_RECORD_INIT;
    }
    if (state) {
      track(tgid, REDOUBT_RECORD_INIT);
    }
    return 0;
  }
  if (state < REDOUBT_RECORD_INIT) {
    return 0;
  }
  if (state == REDOUBT_RECORD_INIT) {
    track(tgid, REDOUBT_RECORD_ACTIVE);
    /* By redoubt-init, and so before there is anything to record. */
    all->syscalls[all->phase & 1][__NR_execve] = 1;
    all->cgroup = all->cgroup ? all->cgroup : bpf_get_current_cgroup_id();
  } else if (BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec)) {
    __sync_fetch_and_add(&all->privileged_execs, 1);
  }
  see_program(bprm);
  return 0;
}

/* ---- system calls ---- */

static __always_inline bool is_foreign(__u64 number) {
#if defined(__TARGET_ARCH_x86)
  struct task_struct___x86* task = (void*)bpf_get_current_task();
  return (BPF_CORE_READ(task, thread_info.status) & TS_COMPAT_BIT) || (number & X32_BIT);
#else
  return false;
#endif
}

SEC("raw_tp/sys_enter")
int record_syscall(struct bpf_raw_tracepoint_args* ctx) {
  if (my_state() != REDOUBT_RECORD_ACTIVE) {
    return 0;
  }
  struct redoubt_record_summary* all = summary();
  if (!all) {
    return 0;
  }
  const __u64 number = ctx->args[1];
  if (is_foreign(number)) {
    all->foreign = 1;
    return 0;
  }
  if (number >= REDOUBT_RECORD_SYSCALLS) {
    all->lost_syscalls = 1;
    return 0;
  }
  if (all->watches_refusals) {
    const __u32 thread = (__u32)bpf_get_current_pid_tgid();
    const struct record_call call = {.number = number + 1};
    bpf_map_update_elem(&rec_calls, &thread, &call, BPF_ANY);
  }
  __u8* seen = &all->syscalls[all->phase & 1][number & (REDOUBT_RECORD_SYSCALLS - 1)];
  if (!*seen) {
    *seen = 1;
  }
  return 0;
}

/* Calls that change what names there are. `a`: the arguments. */
static __always_inline int see_names(long number, const unsigned long* a) {
  const __u16 change = REDOUBT_RECORD_CHANGE;
  switch (number) {
#if defined(__TARGET_ARCH_x86)
    case __NR_mkdir:
    case __NR_mknod:
    case __NR_unlink:
    case __NR_rmdir:
      return see_user_name((void*)a[0], NO_DIRECTORY_FD, change);
    case __NR_rename:
      see_user_name((void*)a[0], NO_DIRECTORY_FD, change);
      return see_user_name((void*)a[1], NO_DIRECTORY_FD, change);
    case __NR_link:
    case __NR_symlink:
      return see_user_name((void*)a[1], NO_DIRECTORY_FD, change);
    case __NR_renameat:
#endif
    case __NR_renameat2:
      see_user_name((void*)a[1], (int)a[0], change);
      return see_user_name((void*)a[3], (int)a[2], change);
    case __NR_mkdirat:
    case __NR_mknodat:
    case __NR_unlinkat:
      return see_user_name((void*)a[1], (int)a[0], change);
    case __NR_linkat:
      return see_user_name((void*)a[3], (int)a[2], change);
    case __NR_symlinkat:
      return see_user_name((void*)a[2], (int)a[1], change);
    case __NR_truncate:
      return see_user_name((void*)a[0], NO_DIRECTORY_FD, REDOUBT_RECORD_WRITE);
  }
  return 0;
}

/* A connection that is refused by the peer was allowed all the same; one that policy denies was not. */
static __always_inline int see_connection(long number, const unsigned long* a, long result) {
  struct redoubt_record_summary* all = summary();
  if (result == -EPERM || result == -EACCES) {
    return 0;
  }
  switch (number) {
    case __NR_connect:
      return see_address((int)a[0], (void*)a[1], REDOUBT_RECORD_CONNECT);
    case __NR_sendto:
      return see_address((int)a[0], (void*)a[4], REDOUBT_RECORD_CONNECT);
    case __NR_sendmsg:
      return see_message((int)a[0], (void*)a[1]);
    case __NR_sendmmsg:
      return result > 0 ? see_messages((int)a[0], (void*)a[1], result) : 0;
    case __NR_bind:
      return result == 0 ? see_address((int)a[0], (void*)a[1], REDOUBT_RECORD_BIND) : 0;
    case __NR_socket:
    case __NR_socketpair:
      return result >= 0 ? see_family((int)a[0]) : 0;
    case __NR_listen: /* the first one ends the start, unless a command says when */
      if (result == 0 && all && !all->ready_by_command) {
        all->phase = REDOUBT_RECORD_STEADY;
      }
      return 0;
  }
  return 0;
}

/* ---- what is refused ---- */

/* False: a filter of the process answered the call, which nobody else has seen. `lacking`: as in record_call. */
static __always_inline bool was_let_through(__u64 number, __u64* lacking) {
  struct record_call* call = my_call();
  if (!call || call->number != number + 1) {
    return false;
  }
  *lacking = call->lacking;
  call->number = 0;
  return true;
}

static __always_inline __u16 access_of(__u64 flags) {
  const __u16 access = (flags & O_ACCMODE) == O_RDONLY   ? REDOUBT_RECORD_READ
                       : (flags & O_ACCMODE) == O_WRONLY ? REDOUBT_RECORD_WRITE
                                                         : REDOUBT_RECORD_READ | REDOUBT_RECORD_WRITE;
  if (access == REDOUBT_RECORD_READ && (flags & O_DIRECTORY)) {
    return access | REDOUBT_RECORD_DIRECTORY;
  }
  return flags & O_CREAT ? access | REDOUBT_RECORD_CHANGE : access;
}

static __always_inline int see_refused(long number, const unsigned long* a) {
  __u64 flags = 0;
  switch (number) {
#if defined(__TARGET_ARCH_x86)
    case __NR_open:
      return see_user_name((void*)a[0], NO_DIRECTORY_FD, access_of(a[1]));
    case __NR_creat:
      return see_user_name((void*)a[0], NO_DIRECTORY_FD, REDOUBT_RECORD_WRITE | REDOUBT_RECORD_CHANGE);
#endif
    case __NR_openat:
      return see_user_name((void*)a[1], (int)a[0], access_of(a[2]));
    case __NR_openat2:
      bpf_probe_read_user(&flags, sizeof flags, (void*)a[2]); /* the first member of struct open_how */
      return see_user_name((void*)a[1], (int)a[0], access_of(flags));
    case __NR_execve:
      return see_user_name((void*)a[0], NO_DIRECTORY_FD, REDOUBT_RECORD_EXECUTE);
    case __NR_execveat:
      return see_user_name((void*)a[1], (int)a[0], REDOUBT_RECORD_EXECUTE);
    case __NR_listen: /* nothing that one could be allowed */
      return 0;
    default: /* as if it had been granted */
      see_connection(number, a, 0);
      return see_names(number, a);
  }
}

SEC("raw_tp/sys_exit")
int record_result(struct bpf_raw_tracepoint_args* ctx) {
  if (my_state() != REDOUBT_RECORD_ACTIVE || is_foreign(0)) {
    return 0;
  }
  struct record_room* place = room();
  const long result = (long)ctx->args[1];
  if (!place || bpf_probe_read_kernel(&place->registers, sizeof place->registers, (void*)ctx->args[0]) != 0) {
    return 0;
  }
  const long number = (long)RECORD_NUMBER(&place->registers);
  const unsigned long arguments[6] = RECORD_ARGUMENTS(&place->registers);
  struct redoubt_record_summary* all = summary();
  if (all && all->watches_refusals && number >= 0 && number < REDOUBT_RECORD_SYSCALLS) {
    __u64 lacking = 0;
    const bool let_through = was_let_through(number, &lacking);
    const bool is_socket = number == __NR_socket || number == __NR_socketpair;
    if (!let_through && result < 0) {
      all->syscalls[REDOUBT_RECORD_REFUSED][number & (REDOUBT_RECORD_SYSCALLS - 1)] = 1;
    }
    if (!let_through && !(is_socket && result < 0)) {
      return 0;
    }
    if (result == -EPERM || result == -EACCES) {
      __sync_fetch_and_or(&all->capabilities[REDOUBT_RECORD_REFUSED], lacking);
    }
    if (!let_through || result == -EPERM || result == -EACCES || result == -EROFS) {
      place->refused = 1;
      see_refused(number, arguments);
      place->refused = 0;
      return 0;
    }
  }
  switch (number) {
#if defined(__TARGET_ARCH_x86)
    case __NR_open:
    case __NR_creat:
#endif
    case __NR_openat:
    case __NR_openat2:
    case __NR_open_by_handle_at:
      return result >= 0 ? see_opened((int)result) : 0;
    default:
      see_connection(number, arguments, result);
      return result == 0 ? see_names(number, arguments) : 0;
  }
}

/* ---- capabilities ---- */

static __always_inline int see_capability(int capability) {
  struct task_struct* task = (void*)bpf_get_current_task();
  struct redoubt_record_summary* all = summary();
  /* Another's credentials for a while: overlayfs, not the workload. */
  if (all && capability >= 0 && capability < 64 && BPF_CORE_READ(task, cred) == BPF_CORE_READ(task, real_cred)) {
    __sync_fetch_and_or(&all->capabilities[all->phase & 1], 1ULL << capability);
  }
  return 0;
}

static __always_inline int see_lacking(int capability) {
  struct record_call* call = my_call();
  if (call && call->number && capability >= 0 && capability < 64) {
    call->lacking |= 1ULL << capability;
  }
  return 0;
}

/* As cap_capable() walks: a capability counts in the process's own user namespace and in those below. The right of a namespace's owner is not one
 * of the bounding set and not looked for. */
SEC("kprobe/cap_capable")
int BPF_KPROBE(record_capability, const struct cred* cred, struct user_namespace* target, int capability, unsigned int options) {
  __u64 effective = 0;
  if (my_state() != REDOUBT_RECORD_ACTIVE || (options & CAP_OPT_NOAUDIT_BIT)) {
    return 0;
  }
  bpf_core_read(&effective, sizeof effective, &cred->cap_effective);
  if (!(effective >> (capability & 63) & 1)) {
    return see_lacking(capability);
  }
  struct user_namespace* own = BPF_CORE_READ(cred, user_ns);
  for (int i = 0; i < 32 && target; ++i) {
    if (target == own) {
      return see_capability(capability);
    }
    target = BPF_CORE_READ(target, parent);
  }
  return 0;
}

/* Linux 6.14 and later, for kernels without kprobes: says what was granted, but not whether it mattered. */
SEC("raw_tp/cap_capable")
int record_capability_event(struct bpf_raw_tracepoint_args* ctx) {
  if (my_state() != REDOUBT_RECORD_ACTIVE) {
    return 0;
  }
  return (int)ctx->args[4] == 0 ? see_capability((int)ctx->args[3]) : see_lacking((int)ctx->args[3]);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
