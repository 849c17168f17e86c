/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Where the recording programs put a path together, before it is the value of a map. */
#ifndef REDOUBT_BPF_RECORD_PROGRAMS_SCRATCH_H_
#define REDOUBT_BPF_RECORD_PROGRAMS_SCRATCH_H_

#include "kernel.h"

#define PATH_BYTES REDOUBT_RECORD_PATH
#include "../../programs/path.h"

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

static __always_inline char* path_text(const struct path_walk* walk) {
  struct redoubt_record_file* file = scratch_file();
  return file ? file->text : 0;
}

/* `file` is the scratch. */
static __always_inline void write_scratch(struct redoubt_record_file* file, struct dentry* dentry, struct vfsmount* mnt) {
  struct path_walk walk = {.dentry = dentry, .mnt = mnt};
  write_path(&walk);
  file->start = (__u16)walk.start;
  file->cut = (__u8)walk.cut;
  file->detached = (__u8)walk.detached;
}

#endif /* REDOUBT_BPF_RECORD_PROGRAMS_SCRATCH_H_ */
