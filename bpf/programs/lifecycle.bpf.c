/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Who is a container's task. The runtime marks redoubt-init STAGED through its pidfd; init's own execve makes it ACTIVE, in the kernel and before the
 * first instruction of the new program; every child of an ACTIVE task is ACTIVE from its first instruction. Children of a STAGED task are hooks, code
 * of the host's owner: they get no mark, or their execve would set them ACTIVE. */
#include "judge.h"

SEC("lsm/task_alloc")
int BPF_PROG(redoubt_task_alloc, struct task_struct* child, unsigned long flags, int before) {
  const struct redoubt_task* policy = before ? 0 : active_policy();
  if (!policy) {
    return before;
  }
  struct redoubt_task* copy = bpf_task_storage_get(&redoubt_tasks, child, (void*)policy, BPF_LOCAL_STORAGE_GET_F_CREATE);
  /* Short of memory: no child rather than one without a policy. */
  return copy ? 0 : -EAGAIN;
}

SEC("lsm/bprm_committing_creds")
int BPF_PROG(redoubt_bprm_committing_creds, struct linux_binprm* program) {
  struct redoubt_task* policy = bpf_task_storage_get(&redoubt_tasks, bpf_get_current_task_btf(), 0, 0);
  if (policy && policy->state == REDOUBT_STAGED) {
    policy->state = REDOUBT_ACTIVE;
  }
  return 0;
}
