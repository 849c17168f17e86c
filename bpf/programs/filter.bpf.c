/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What the task's system call filters have refused or logged. The kernel calls audit_seccomp() for what a filter kills or logs, and for what it refuses
 * when the filter was loaded with SECCOMP_FILTER_FLAG_LOG (kernel/seccomp.c, seccomp_log()); never for a call that is allowed, so this costs those
 * nothing. By then the caller's registers hold its result. A filter that a container has loaded itself is seen as well: the reader tells them apart. */
#include <linux/seccomp.h>

#include "judge.h"

#if defined(__TARGET_ARCH_x86)
#define TS_COMPAT_STATUS 0x0002U
#define X32_NUMBER 0x40000000ULL
#else
#define PSTATE_32BIT 0x10ULL
#endif

#define LARGEST_ERRNO 4095

/* Nothing is left of the first argument on arm64 where its result stands, but the copy that the kernel keeps. */
#if defined(__TARGET_ARCH_x86)
static __always_inline void write_call(struct redoubt_event* event, struct pt_regs* registers, unsigned long number) {
  const bool is_32bit = (bpf_get_current_task_btf()->thread_info.status & TS_COMPAT_STATUS) != 0;
  event->arguments[0] = is_32bit ? (__u32)registers->bx : registers->di;
  event->arguments[1] = is_32bit ? (__u32)registers->cx : registers->si;
  event->detail = (__u32)number | (is_32bit || (number & X32_NUMBER) ? REDOUBT_FOREIGN_TABLE : 0);
}
#define RESULT_OF(registers) ((long)(registers)->ax)
#else
static __always_inline void write_call(struct redoubt_event* event, struct pt_regs* registers, unsigned long number) {
  event->arguments[0] = registers->orig_x0;
  event->arguments[1] = registers->regs[1];
  event->detail = (__u32)number | (registers->pstate & PSTATE_32BIT ? REDOUBT_FOREIGN_TABLE : 0);
}
#define RESULT_OF(registers) ((long)(registers)->regs[0])
#endif

/* The actions that somebody is told of elsewhere: a tracer, a listener. */
static __always_inline bool is_told(__u32 action) {
  return action == SECCOMP_RET_TRACE || action == SECCOMP_RET_USER_NOTIF;
}

SEC("fentry/audit_seccomp")
int BPF_PROG(redoubt_audit_seccomp, unsigned long number, long signal, int code) {
  const __u32 action = (__u32)code & SECCOMP_RET_ACTION_FULL;
  const struct redoubt_task* policy = is_told(action) ? 0 : active_policy();
  __u64 sequence = 0;
  struct redoubt_event* event = policy ? next_event(policy, &sequence) : 0;
  if (!event) {
    return 0;
  }
  struct pt_regs* registers = (void*)bpf_task_pt_regs(bpf_get_current_task_btf());
  const long result = RESULT_OF(registers);
  write_call(event, registers, number);
  event->surface = REDOUBT_SURFACE_COUNT;
  event->hook = REDOUBT_HOOK_audit_seccomp;
  event->denied = action != SECCOMP_RET_LOG;
  event->error = action == SECCOMP_RET_ERRNO && result < 0 && result >= -LARGEST_ERRNO ? (__u32)-result : 0;
  event->sequence = sequence;
  return 0;
}
