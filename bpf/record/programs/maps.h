/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The maps of the recording programs, and who is tracked. Sets of keys: nothing is lost until one is full, and then it is counted. */
#ifndef REDOUBT_BPF_RECORD_PROGRAMS_MAPS_H_
#define REDOUBT_BPF_RECORD_PROGRAMS_MAPS_H_

#include "kernel.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, REDOUBT_RECORD_TASKS);
  __type(key, __u32);
  __type(value, __u32);
} rec_tasks SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, REDOUBT_RECORD_FILES);
  __type(key, struct redoubt_record_file_key);
  __type(value, struct redoubt_record_file);
} rec_files SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, REDOUBT_RECORD_NAMES);
  __type(key, struct redoubt_record_name_key);
  __type(value, struct redoubt_record_file);
} rec_names SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, REDOUBT_RECORD_SOCKETS);
  __type(key, struct redoubt_record_socket);
  __type(value, __u8);
} rec_sockets SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct redoubt_record_summary);
} rec_summary SEC(".maps");

/* What a thread is in, only where refusals are watched. A filter's answer comes without it. */
struct record_call {
  __u64 number;  /* plus one; 0: nothing that a filter has let through */
  __u64 lacking; /* capabilities that the kernel has asked for in vain: they count when the call fails for want of a right */
};
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, REDOUBT_RECORD_TASKS);
  __type(key, __u32);
  __type(value, struct record_call);
} rec_calls SEC(".maps");

/* What would be too much for the stack, which all functions on the way share (512 bytes before Linux 6.13). */
struct record_room {
  struct redoubt_record_name_key name;
  struct record_registers registers;
  __u32 refused; /* what is seen now is what was refused */
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct record_room);
} rec_room SEC(".maps");

static __always_inline struct record_call* my_call(void) {
  const __u32 thread = (__u32)bpf_get_current_pid_tgid();
  return bpf_map_lookup_elem(&rec_calls, &thread);
}

static __always_inline struct record_room* room(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&rec_room, &zero);
}

static __always_inline struct redoubt_record_summary* summary(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&rec_summary, &zero);
}

static __always_inline __u16 phase_of(const struct redoubt_record_summary* all) {
  struct record_room* place = room();
  return place && place->refused ? REDOUBT_RECORD_REFUSED : (__u16)all->phase;
}

static __always_inline __u32 state_of(__u32 tgid) {
  __u32* state = bpf_map_lookup_elem(&rec_tasks, &tgid);
  return state ? *state : 0;
}

static __always_inline __u32 my_state(void) {
  return state_of(bpf_get_current_pid_tgid() >> 32);
}

#endif /* REDOUBT_BPF_RECORD_PROGRAMS_MAPS_H_ */
