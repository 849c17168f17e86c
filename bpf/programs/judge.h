/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The one decision of all hooks: is the caller a container's task, does its policy close this surface, and what is written down about it. A task of
 * the host costs one lookup in its task storage. */
#ifndef REDOUBT_BPF_PROGRAMS_JUDGE_H_
#define REDOUBT_BPF_PROGRAMS_JUDGE_H_

#include <asm/errno.h>

#include "kernel.h"

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct redoubt_task);
} redoubt_tasks SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, REDOUBT_LOG_EVENTS);
  __type(key, __u32);
  __type(value, struct redoubt_event);
} redoubt_log SEC(".maps");

/* The number of events so far. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} redoubt_head SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct redoubt_meta);
} redoubt_meta SEC(".maps");

/* The task's policy, when it is in force. */
static __always_inline struct redoubt_task* active_policy(void) {
  struct redoubt_task* policy = bpf_task_storage_get(&redoubt_tasks, bpf_get_current_task_btf(), 0, 0);
  return policy && policy->state == REDOUBT_ACTIVE ? policy : 0;
}

static __always_inline bool concerns(const struct redoubt_task* policy, __u32 surface) {
  return ((policy->denied | policy->audited) >> surface & 1) != 0;
}

/* Character `index` of an array inside of a kernel object. Byte by byte, and volatile so that the compiler merges no loads: the verifier checks each
 * against the type of the array's elements. */
static __always_inline unsigned char character(const void* object, unsigned int offset, int index) {
  return *((const volatile unsigned char*)object + offset + index);
}

static __always_inline void write_ancestor(struct redoubt_ancestor* to, struct task_struct* task) {
  to->pid = (__u32)task->tgid;
#pragma unroll
  for (int c = 0; c < REDOUBT_COMM - 1; ++c) {
    to->comm[c] = (char)character(task, bpf_core_field_offset(task->comm), c);
  }
}

/* The verifier looks through all types of the kernel three or four times for each pointer that is reached from one that it trusts, half a million
 * instructions a time. So this is a global function, which is verified once in each program and not at each call, and from the second ancestor on
 * the pointers are untrusted: `parent` is no field that it knows. Of a process that is traced `parent` is the tracer: there the list ends. */
__noinline int redoubt_write_ancestors(struct redoubt_event* event) {
  struct task_struct* task = bpf_get_current_task_btf()->real_parent;
  if (!event) {
    return 0;
  }
  __builtin_memset(event->ancestors, 0, sizeof event->ancestors);
  write_ancestor(&event->ancestors[0], task);
  if (task->ptrace != 0) {
    return 0;
  }
  task = task->parent;
#pragma unroll
  for (int i = 1; i < REDOUBT_ANCESTORS; ++i) {
    if (!task) {
      return 0;
    }
    write_ancestor(&event->ancestors[i], task);
    task = task->real_parent;
  }
  return 0;
}

/* Where a dentry keeps a name that is short. The barriers keep the compiler from reading both offsets, of which one does not exist. */
static __always_inline unsigned int name_offset(struct dentry* dentry) {
  struct dentry___shortname* newer = (void*)dentry;
  unsigned int offset;
  if (bpf_core_field_exists(newer->d_shortname)) {
    barrier();
    offset = bpf_core_field_offset(newer->d_shortname);
    barrier();
  } else {
    barrier();
    offset = bpf_core_field_offset(dentry->d_iname);
    barrier();
  }
  return offset;
}

/* The name of a file, if the kernel keeps it inside of the dentry. */
static __always_inline void write_name(char* to, struct dentry* dentry) {
  const unsigned int offset = name_offset(dentry);
#pragma unroll
  for (int c = 0; c < 31; ++c) {
    to[c] = (char)character(dentry, offset, c);
  }
}

/* A slot of the log with what is known of every caller. Every event has a number of its own and by it a slot, so two processors write to the same
 * slot only when one of them is a whole log behind; a reader sees such a slot by its sequence, which the caller writes last. */
static __always_inline struct redoubt_event* next_event(const struct redoubt_task* policy, __u64* sequence) {
  __u32 zero = 0;
  __u64* head = bpf_map_lookup_elem(&redoubt_head, &zero);
  if (!head) {
    return 0;
  }
  *sequence = __sync_fetch_and_add(head, 1) + 1;
  __u32 slot = (__u32)(*sequence & (REDOUBT_LOG_EVENTS - 1));
  struct redoubt_event* event = bpf_map_lookup_elem(&redoubt_log, &slot);
  if (!event) {
    return 0;
  }
  event->sequence = 0;
  event->time = bpf_ktime_get_boot_ns();
  event->cgroup = bpf_get_current_cgroup_id();
  event->pid = (__u32)(bpf_get_current_pid_tgid() >> 32);
  event->tid = (__u32)bpf_get_current_pid_tgid();
  event->uid = (__u32)bpf_get_current_uid_gid();
  bpf_get_current_comm(event->comm, sizeof event->comm);
  __builtin_memcpy(event->container, policy->container, sizeof event->container);
  __builtin_memset(event->object, 0, sizeof event->object);
  redoubt_write_ancestors(event);
  return event;
}

/* Not inlined: one copy for all hooks. `named` may be null. */
static __noinline int report(__u32 surface, __u32 hook, __u64 detail, struct dentry* named) {
  __u64 sequence = 0;
  const struct redoubt_task* policy = active_policy();
  struct redoubt_event* event = policy ? next_event(policy, &sequence) : 0;
  if (!event) {
    return 0;
  }
  event->detail = detail;
  event->arguments[0] = event->arguments[1] = 0;
  event->surface = surface;
  event->denied = policy->denied >> surface & 1;
  event->error = event->denied ? EPERM : 0;
  event->hook = hook;
  if (named) {
    write_name(event->object, named);
  }
  event->sequence = sequence;
  return 0;
}

/* The answer of a hook for a caller whose policy is `policy`. */
static __always_inline int verdict(const struct redoubt_task* policy, __u32 surface, __u32 hook, __u64 detail, struct dentry* named) {
  if (!concerns(policy, surface)) {
    return 0;
  }
  report(surface, hook, detail, named);
  if ((policy->denied >> surface & 1) == 0) {
    return 0;
  }
  barrier(); /* or the compiler computes the answer from the bit, and the verifier loses its range */
  return -EPERM;
}

/* The whole of a hook that asks nothing but who calls. `before` is what the security modules before us said. */
static __always_inline int judge(int before, __u32 surface, __u32 hook, __u64 detail) {
  const struct redoubt_task* policy = before ? 0 : active_policy();
  return policy ? verdict(policy, surface, hook, detail, 0) : before;
}

#endif /* REDOUBT_BPF_PROGRAMS_JUDGE_H_ */
