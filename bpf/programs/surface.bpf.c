/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Parts of the kernel that a hook closes as a whole, whatever way led there: another system call table, io_uring, an ioctl. */
#include "judge.h"

#define RETURN_JUDGED(surface, hook, detail) return judge(before, REDOUBT_SURFACE_##surface, REDOUBT_HOOK_##hook, (__u64)(detail))

SEC("lsm/bpf")
int BPF_PROG(redoubt_bpf, int command, union bpf_attr* attr, unsigned int size, int before) {
  RETURN_JUDGED(BPF, bpf, (unsigned int)command);
}

SEC("lsm/settime")
int BPF_PROG(redoubt_settime, const void* time, const void* zone, int before) {
  RETURN_JUDGED(CLOCK, settime, 0);
}

SEC("lsm/quotactl")
int BPF_PROG(redoubt_quotactl, int commands, int type, int id, void* superblock, int before) {
  RETURN_JUDGED(HOST_CONTROL, quotactl, (unsigned int)commands);
}

/* Since 6.15 or so; io_uring is closed as a whole there. Before, see anonymous.bpf.c. */
SEC("lsm/uring_allowed")
int BPF_PROG(redoubt_uring_allowed, int before) {
  RETURN_JUDGED(IO_URING, uring_allowed, 0);
}

SEC("lsm/key_alloc")
int BPF_PROG(redoubt_key_alloc, struct key* key, const struct cred* cred, unsigned long flags, int before) {
  RETURN_JUDGED(KEYRINGS, key_alloc, 0);
}

SEC("lsm/key_permission")
int BPF_PROG(redoubt_key_permission, void* key, const struct cred* cred, int need, int before) {
  RETURN_JUDGED(KEYRINGS, key_permission, (unsigned int)need);
}

SEC("lsm/sb_mount")
int BPF_PROG(redoubt_sb_mount, const char* device, const struct path* path, const char* type, unsigned long flags, void* data, int before) {
  RETURN_JUDGED(MOUNTS, sb_mount, flags);
}

SEC("lsm/sb_umount")
int BPF_PROG(redoubt_sb_umount, struct vfsmount* mount, int flags, int before) {
  RETURN_JUDGED(MOUNTS, sb_umount, (unsigned int)flags);
}

SEC("lsm/sb_remount")
int BPF_PROG(redoubt_sb_remount, struct super_block* superblock, void* options, int before) {
  RETURN_JUDGED(MOUNTS, sb_remount, 0);
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(redoubt_sb_pivotroot, const struct path* old_path, const struct path* new_path, int before) {
  RETURN_JUDGED(MOUNTS, sb_pivotroot, 0);
}

/* Also what fsmount(2) and open_tree(2) have made: only here it gets a place. */
SEC("lsm/move_mount")
int BPF_PROG(redoubt_move_mount, const struct path* from, const struct path* to, int before) {
  RETURN_JUDGED(MOUNTS, move_mount, 0);
}

/* The argument list differs between kernels; the result of the modules before is always behind it, so it is not looked at. */
SEC("lsm/perf_event_open")
int BPF_PROG(redoubt_perf_event_open) {
  return judge(0, REDOUBT_SURFACE_PERF, REDOUBT_HOOK_perf_event_open, 0);
}

SEC("lsm/syslog")
int BPF_PROG(redoubt_syslog, int type, int before) {
  RETURN_JUDGED(SYSLOG, syslog, (unsigned int)type);
}

SEC("lsm/userns_create")
int BPF_PROG(redoubt_userns_create, const struct cred* cred, int before) {
  RETURN_JUDGED(USER_NAMESPACES, userns_create, 0);
}
