/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* One process reaching into another. */
#include "judge.h"

#define PTRACE_MODE_ATTACH 0x02

/* Whom a container in a pid namespace of its own can see is in its pod. In the host's pid namespace only its own tasks are its own. */
static __always_inline bool is_outside(const struct redoubt_task* policy, struct task_struct* other) {
  if (bpf_get_current_task_btf()->thread_pid->level != 0) {
    return false;
  }
  const struct redoubt_task* others = bpf_task_storage_get(&redoubt_tasks, other, 0, 0);
  if (!others || others->state != REDOUBT_ACTIVE) {
    return true;
  }
#pragma unroll
  for (int i = 0; i < REDOUBT_CONTAINER_NAME; ++i) {
    if (others->container[i] != policy->container[i]) {
      return true;
    }
  }
  return false;
}

/* Reading of /proc/PID goes on: the capability rules of the kernel judge it. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(redoubt_ptrace_access_check, struct task_struct* child, unsigned int mode, int before) {
  const struct redoubt_task* policy = before ? 0 : active_policy();
  if (!policy || (mode & PTRACE_MODE_ATTACH) == 0) {
    return before;
  }
  if (concerns(policy, REDOUBT_SURFACE_PTRACE)) {
    return verdict(policy, REDOUBT_SURFACE_PTRACE, REDOUBT_HOOK_ptrace_access_check, mode, 0);
  }
  if (concerns(policy, REDOUBT_SURFACE_PTRACE_OUTSIDE) && is_outside(policy, child)) {
    return verdict(policy, REDOUBT_SURFACE_PTRACE_OUTSIDE, REDOUBT_HOOK_ptrace_access_check, mode, 0);
  }
  return 0;
}

SEC("lsm/ptrace_traceme")
int BPF_PROG(redoubt_ptrace_traceme, struct task_struct* parent, int before) {
  return judge(before, REDOUBT_SURFACE_PTRACE, REDOUBT_HOOK_ptrace_traceme, 0);
}
