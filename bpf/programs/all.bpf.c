/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The whole set is one object, so that all programs share the maps of judge.h. */
#include "anonymous.bpf.c"
#include "code.bpf.c"
#include "file.bpf.c"
#include "filter.bpf.c"
#include "lifecycle.bpf.c"
#include "process.bpf.c"
#include "socket.bpf.c"
#include "surface.bpf.c"

/* LSM programs must be GPL-compatible to load. */
char LICENSE[] SEC("license") = "Dual BSD/GPL";
