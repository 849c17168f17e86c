/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Paths as the container sees them: from a dentry up to the root of the current process, mounts crossed. Written from the end of the text backwards, so
 * that of a long path the end is kept. Reads by bpf_probe_read_kernel(), for from a mount to the one that it is on there is no typed way: for programs
 * that record and report, never for those that judge.
 *
 * Included by who has: the kernel's types (a kernel.h), PATH_BYTES (a power of two: the text with its zero), and path_text(). */
#ifndef REDOUBT_BPF_PROGRAMS_PATH_H_
#define REDOUBT_BPF_PROGRAMS_PATH_H_

#define PATH_DEPTH 48 /* steps: components and mounts crossed */

struct path_walk {
  struct dentry* dentry;
  struct vfsmount* mnt;
  struct dentry* root_dentry;
  struct vfsmount* root_mnt;
  __u32 room;     /* the includer's: which text */
  __u32 start;    /* of the path in the text */
  __u32 is_whole; /* it came to an end by itself */
  __u32 cut;      /* it is longer or deeper than what is kept */
  __u32 detached; /* it does not lead to the root: memory, a pipe, a tree of nobody */
};

/* PATH_BYTES of text, and 256 behind them that the verifier takes for reachable. Null: there is none. */
static __always_inline char* path_text(const struct path_walk* walk);

static __always_inline struct mount* mount_of(struct vfsmount* mnt) {
  return (struct mount*)((char*)mnt - bpf_core_field_offset(struct mount, mnt));
}

/* Prepends "/name". False when it does not fit. */
static __always_inline bool prepend_name(struct path_walk* walk, char* text, struct dentry* dentry) {
  __u32 length = BPF_CORE_READ(dentry, d_name.len);
  const unsigned char* name = BPF_CORE_READ(dentry, d_name.name);
  if (length > 255 || walk->start < length + 1) {
    return false;
  }
  walk->start -= length + 1;
  __u32 at = walk->start & (PATH_BYTES - 1);
  text[at] = '/';
  at = (at + 1) & (PATH_BYTES - 1);
  return bpf_probe_read_kernel(&text[at], length & 255, name) == 0;
}

/* One step up. False at the top, or when it cannot go on. Locals, because CO-RE takes every member on the way to be the kernel's. */
static __always_inline bool step_up(struct path_walk* walk, char* text) {
  struct dentry* dentry = walk->dentry;
  struct vfsmount* mnt = walk->mnt;
  if (dentry == walk->root_dentry && mnt == walk->root_mnt) {
    return false;
  }
  if (dentry == BPF_CORE_READ(mnt, mnt_root)) {
    struct mount* mount = mount_of(mnt);
    struct mount* parent = BPF_CORE_READ(mount, mnt_parent);
    if (parent == mount) {
      walk->detached = 1;
      return false;
    }
    walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
    walk->mnt = (struct vfsmount*)((char*)parent + bpf_core_field_offset(struct mount, mnt));
    return true;
  }
  struct dentry* up = BPF_CORE_READ(dentry, d_parent);
  if (up == dentry) {
    walk->detached = 1;
    return false;
  }
  if (!prepend_name(walk, text, dentry)) {
    walk->cut = 1;
    return false;
  }
  walk->dentry = up;
  return true;
}

/* One round of the loop: 1 ends it. bpf_loop(), because the verifier would walk through every round of a plain one. */
static long climb(__u32 round, struct path_walk* walk) {
  char* text = path_text(walk);
  if (text && step_up(walk, text)) {
    return 0;
  }
  walk->is_whole = 1;
  return 1;
}

/* Fills path_text(walk). `dentry`, `mnt` and `room` of the walk are set, the rest of it is zero. The zero at the end of the text is written first, and
 * nobody writes to it. */
static __always_inline void write_path(struct path_walk* walk) {
  struct task_struct* task = (void*)bpf_get_current_task();
  char* text = path_text(walk);
  if (!text) {
    return;
  }
  walk->start = PATH_BYTES - 1;
  walk->root_dentry = BPF_CORE_READ(task, fs, root.dentry);
  walk->root_mnt = BPF_CORE_READ(task, fs, root.mnt);
  text[PATH_BYTES - 1] = 0;
  bpf_loop(PATH_DEPTH, climb, walk, 0);
  if (!walk->is_whole) {
    walk->cut = 1;
  }
  if (walk->start == PATH_BYTES - 1 && !walk->detached && !walk->cut) {
    walk->start -= 1; /* the root itself */
    text[PATH_BYTES - 2] = '/';
  }
}

#endif /* REDOUBT_BPF_PROGRAMS_PATH_H_ */
