/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What the recording programs (programs/record.bpf.c) and their reader (bpf/load/recorder.cc) say to each other: the keys and values of the maps. Both are of
 * one build and nothing of this outlives a recording. */
#ifndef REDOUBT_BPF_RECORD_ABI_H_
#define REDOUBT_BPF_RECORD_ABI_H_

#include <linux/types.h>

enum redoubt_record_limits {
  REDOUBT_RECORD_FILES = 32768,
  REDOUBT_RECORD_NAMES = 32768,
  REDOUBT_RECORD_SOCKETS = 8192,
  REDOUBT_RECORD_TASKS = 65536,
  REDOUBT_RECORD_SYSCALLS = 1024,
  REDOUBT_RECORD_PATH = 1024,   /* bytes of a path, with the zero at its end */
  REDOUBT_RECORD_NAME = 192,    /* bytes of a name as a system call was given it, with its zero */
  REDOUBT_RECORD_MESSAGES = 16, /* of one sendmmsg(2) */
};

/* What a tracked process is. */
enum redoubt_record_task {
  REDOUBT_RECORD_RUNTIME = 1, /* a redoubt, or a hook of the host */
  REDOUBT_RECORD_INIT = 2,    /* redoubt-init: prepares, and its next execve is the workload's start */
  REDOUBT_RECORD_ACTIVE = 3,  /* the workload */
  REDOUBT_RECORD_IGNORED = 4, /* let in by the recorder, to ask whether the workload is ready */
};

/* Letters of the access to a file. */
enum redoubt_record_access {
  REDOUBT_RECORD_READ = 1,
  REDOUBT_RECORD_WRITE = 2,
  REDOUBT_RECORD_EXECUTE = 4,
  REDOUBT_RECORD_CHANGE = 8,   /* the name was made, removed or renamed */
  REDOUBT_RECORD_PROGRAM = 16, /* it is what execve(2) was called with */
  REDOUBT_RECORD_DIRECTORY = 32,
};

/* The third one: what was asked for and refused (EPERM, EACCES or EROFS, or a filter's answer), where that is watched. */
enum redoubt_record_phase { REDOUBT_RECORD_STARTING = 0, REDOUBT_RECORD_STEADY = 1, REDOUBT_RECORD_REFUSED = 2, REDOUBT_RECORD_PHASES = 3 };

/* A file seen in one way. The name's hash is the kernel's own, salted with the directory: a file that is removed and made again under another name is
 * another key, whatever inode it gets. */
struct redoubt_record_file_key {
  __u64 inode, directory, name;
  __u32 device;
  __u16 access, phase;
};

struct redoubt_record_file {
  __u16 start;    /* of the path in text */
  __u8 cut;       /* it is longer or deeper than what is kept */
  __u8 detached;  /* it does not lead to the container's root: memory, a pipe, a tree of nobody */
  __u32 pad;
  char text[REDOUBT_RECORD_PATH + 256];
};

/* A name that a system call was given as a text, in the directory (inode, device) that it starts from. The value is that directory's path. */
struct redoubt_record_name_key {
  __u64 inode;
  __u32 device;
  __u16 access, phase;
  char text[REDOUBT_RECORD_NAME];
};

enum redoubt_record_socket_act { REDOUBT_RECORD_SOCKET = 0, REDOUBT_RECORD_CONNECT = 1, REDOUBT_RECORD_BIND = 2 };

struct redoubt_record_socket {
  __u8 act, phase;
  __u16 family, protocol, port; /* port in host order */
  __u8 address[16];
};

/* Mapped by the reader, who writes `cgroup` and `phase` as well. */
struct redoubt_record_summary {
  __u64 capabilities[REDOUBT_RECORD_PHASES];
  __u64 cgroup;          /* of the workload: other sessions in it are recorded as well */
  __u32 phase;
  __u32 privileged_execs; /* execve(2) that gave privileges: set-user-ID or file capabilities */
  __u32 foreign;          /* system calls by the table of another architecture */
  __u32 lost_files, lost_names, lost_sockets, lost_tasks, lost_syscalls;
  __u32 lost_messages;
  __u32 sessions;         /* further commands that were let into the container (exec) */
  __u32 watches_refusals, ready_by_command; /* set by the reader before anything is attached */
  __u8 syscalls[REDOUBT_RECORD_PHASES][REDOUBT_RECORD_SYSCALLS];
};

#endif /* REDOUBT_BPF_RECORD_ABI_H_ */
