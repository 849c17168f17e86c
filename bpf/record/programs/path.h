/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Paths as the container sees them: from a dentry up to the root of the current process, mounts crossed. Written from the end of the text backwards. */
#ifndef REDOUBT_BPF_RECORD_PROGRAMS_PATH_H_
#define REDOUBT_BPF_RECORD_PROGRAMS_PATH_H_

#include "kernel.h"

/* Where a path is put together. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct redoubt_record_file);
} rec_scratch SEC(".maps");

static __always_inline struct redoubt_record_file* scratch_file(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&rec_scratch, &zero);
}

struct record_walk {
  struct dentry* dentry;
  struct vfsmount* mnt;
  struct dentry* root_dentry;
  struct vfsmount* root_mnt;
  __u32 start;
  __u32 is_whole; /* it came to an end by itself */
};

static __always_inline struct mount* mount_of(struct vfsmount* mnt) {
  return (struct mount*)((char*)mnt - bpf_core_field_offset(struct mount, mnt));
}

/* Prepends "/name". False when it does not fit. */
static __always_inline bool prepend_name(struct record_walk* walk, struct redoubt_record_file* file, struct dentry* dentry) {
  __u32 length = BPF_CORE_READ(dentry, d_name.len);
  const unsigned char* name = BPF_CORE_READ(dentry, d_name.name);
  if (length > 255 || walk->start < length + 1) {
    return false;
  }
  walk->start -= length + 1;
  __u32 at = walk->start & (REDOUBT_RECORD_PATH - 1);
  file->text[at] = '/';
  at = (at + 1) & (REDOUBT_RECORD_PATH - 1);
  return bpf_probe_read_kernel(&file->text[at], length & 255, name) == 0;
}

/* One step up. False at the top, or when it cannot go on. Locals, because CO-RE takes every member on the way to be the kernel's. */
static __always_inline bool step_up(struct record_walk* walk, struct redoubt_record_file* file) {
  struct dentry* dentry = walk->dentry;
  struct vfsmount* mnt = walk->mnt;
  if (dentry == walk->root_dentry && mnt == walk->root_mnt) {
    return false;
  }
  if (dentry == BPF_CORE_READ(mnt, mnt_root)) {
    struct mount* mount = mount_of(mnt);
    struct mount* parent = BPF_CORE_READ(mount, mnt_parent);
    if (parent == mount) {
      file->detached = 1;
      return false;
    }
    walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
    walk->mnt = (struct vfsmount*)((char*)parent + bpf_core_field_offset(struct mount, mnt));
    return true;
  }
  struct dentry* up = BPF_CORE_READ(dentry, d_parent);
  if (up == dentry) {
    file->detached = 1;
    return false;
  }
  if (!prepend_name(walk, file, dentry)) {
    file->cut = 1;
    return false;
  }
  walk->dentry = up;
  return true;
}

/* One round of the loop: 1 ends it. bpf_loop(), because the verifier would walk through every round of a plain one. */
static long climb(__u32 round, struct record_walk* walk) {
  struct redoubt_record_file* file = scratch_file();
  if (file && step_up(walk, file)) {
    return 0;
  }
  walk->is_whole = 1;
  return 1;
}

/* `file` is the scratch. The zero at the end of the text is there from the start, and nobody writes to it. */
static __always_inline void write_path(struct redoubt_record_file* file, struct dentry* dentry, struct vfsmount* mnt) {
  struct task_struct* task = (void*)bpf_get_current_task();
  struct record_walk walk = {.dentry = dentry, .mnt = mnt, .start = REDOUBT_RECORD_PATH - 1};
  walk.root_dentry = BPF_CORE_READ(task, fs, root.dentry);
  walk.root_mnt = BPF_CORE_READ(task, fs, root.mnt);
  file->cut = 0;
  file->detached = 0;
  file->text[REDOUBT_RECORD_PATH - 1] = 0;
  bpf_loop(REDOUBT_RECORD_DEPTH, climb, &walk, 0);
  if (!walk.is_whole) {
    file->cut = 1;
  }
  if (walk.start == REDOUBT_RECORD_PATH - 1 && !file->detached && !file->cut) {
    walk.start -= 1; /* the root itself */
    file->text[REDOUBT_RECORD_PATH - 2] = '/';
  }
  file->start = (__u16)walk.start;
}

#endif /* REDOUBT_BPF_RECORD_PROGRAMS_PATH_H_ */
