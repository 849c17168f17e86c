/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Address families: also by socketcall(2) and io_uring, where no system call filter can look. */
#include "judge.h"

SEC("lsm/socket_create")
int BPF_PROG(redoubt_socket_create, int family, int type, int protocol, int kernel, int before) {
  const struct redoubt_task* policy = before || kernel ? 0 : active_policy();
  if (!policy || ((unsigned int)family < 64 && (policy->families >> family & 1) != 0)) {
    return before;
  }
  return verdict(policy, REDOUBT_SURFACE_FAMILIES, REDOUBT_HOOK_socket_create, (unsigned int)family, 0);
}
