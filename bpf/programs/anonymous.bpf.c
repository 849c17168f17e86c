/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* io_uring and userfaultfd, at the making of their nameless inode: the one hook that all ways to them pass on kernels before uring_allowed. The name is a
 * plain pointer, which only bpf_probe_read_kernel() could follow, so its length tells them apart: "[io_uring]" has 10 characters, "[userfaultfd]" 13.
 * "[kvm-gmem]" has 10, too: memory of confidential guests goes with io_uring here. */
#include "judge.h"

#define IO_URING_NAME 10
#define USERFAULTFD_NAME 13

SEC("lsm/inode_init_security_anon")
int BPF_PROG(redoubt_inode_init_security_anon, struct inode* inode, const struct qstr* name, const struct inode* context, int before) {
  if (before) {
    return before;
  }
  if (name->len == IO_URING_NAME) {
    return judge(before, REDOUBT_SURFACE_IO_URING, REDOUBT_HOOK_inode_init_security_anon, 0);
  }
  return name->len == USERFAULTFD_NAME ? judge(before, REDOUBT_SURFACE_USERFAULTFD, REDOUBT_HOOK_inode_init_security_anon, 0) : before;
}
