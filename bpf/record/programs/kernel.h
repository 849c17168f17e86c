/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The few types that the recording programs read. They are probes, not LSM programs, and read by bpf_probe_read_kernel(): a kernel under
 * lockdown=confidentiality refuses them, which costs a recording and never the enforcement. Offsets are those of the running kernel (CO-RE). */
#ifndef REDOUBT_BPF_RECORD_PROGRAMS_KERNEL_H_
#define REDOUBT_BPF_RECORD_PROGRAMS_KERNEL_H_

#include <linux/bpf.h>
#include <asm/ptrace.h>
#include <asm/unistd.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "../abi.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct qstr {
  union {
    struct {
      __u32 hash;
      __u32 len;
    };
    __u64 hash_len;
  };
  const unsigned char* name;
};

struct super_block {
  __u32 s_dev;
};

struct inode {
  __u16 i_mode;
  unsigned long i_ino;
};

struct dentry {
  struct dentry* d_parent;
  struct qstr d_name;
  struct inode* d_inode;
  struct super_block* d_sb;
};

struct vfsmount {
  struct dentry* mnt_root;
};

struct mount {
  struct mount* mnt_parent;
  struct dentry* mnt_mountpoint;
  struct vfsmount mnt;
};

struct path {
  struct vfsmount* mnt;
  struct dentry* dentry;
};

struct file {
  unsigned int f_mode;
  unsigned int f_flags;
  struct path f_path;
  void* private_data;
};

/* What overlayfs maps into memory: its own file, with the path of the one that was opened beside it (Linux 6.5). */
struct backing_file {
  struct file file;
  struct path user_path;
};

struct fdtable {
  unsigned int max_fds;
  struct file** fd;
};

struct files_struct {
  struct fdtable* fdt;
};

struct vm_area_struct {
  struct file* vm_file;
};

struct fs_struct {
  struct path root, pwd;
};

struct user_namespace {
  struct user_namespace* parent;
};

/* 64 bits, in one member or two of 32. */
struct capability_set {
  __u64 bits;
};

struct cred {
  struct capability_set cap_effective;
  struct user_namespace* user_ns;
};

typedef struct {
  int counter;
} atomic_t;

struct signal_struct {
  atomic_t live;
};

struct task_struct {
  int tgid;
  struct signal_struct* signal;
  struct fs_struct* fs;
  struct files_struct* files;
  const struct cred* cred;
  const struct cred* real_cred;
};

/* Of x86: whether the system call came by the 32-bit table. */
struct thread_info {
  __u32 status;
};
struct task_struct___x86 {
  struct thread_info thread_info;
};

/* A bit field: read at its place, never by its name's address. */
struct linux_binprm {
  unsigned int secureexec : 1;
  struct file* file;
  const char* filename; /* as execve(2) was given it */
  const char* interp;   /* another one: the file is a script */
};

struct sock {
  __u16 sk_protocol;
};

struct socket {
  struct sock* sk;
};

#pragma clang attribute pop

/* The registers at a system call. They and what follows are interfaces of the kernel and never change. */
#if defined(__TARGET_ARCH_x86)
struct record_registers {
  unsigned long r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip;
};
#define RECORD_NUMBER(r) ((r)->orig_rax)
#define RECORD_ARGUMENTS(r) \
  { (r)->rdi, (r)->rsi, (r)->rdx, (r)->r10, (r)->r8, (r)->r9 }
#define RECORD_POINTER(r) ((r)->rip)
#else
struct record_registers {
  unsigned long regs[31], sp, pc, pstate, orig_x0;
  int syscallno;
};
#define RECORD_NUMBER(r) ((r)->syscallno)
#define RECORD_ARGUMENTS(r) \
  { (r)->orig_x0, (r)->regs[1], (r)->regs[2], (r)->regs[3], (r)->regs[4], (r)->regs[5] }
#define RECORD_POINTER(r) ((r)->pc)
#endif

/* struct sockaddr_in and sockaddr_in6. */
struct record_address {
  __u16 family;
  __u16 port; /* network order */
  union {
    __u32 v4;
    struct {
      __u32 flow;
      __u8 v6[16];
    };
  };
};

/* struct user_msghdr, and that with a length that sendmmsg(2) takes. */
struct record_message {
  void* name;
  int name_length;
  void* parts;
  unsigned long part_count;
  void* control;
  unsigned long control_length;
  unsigned int flags;
};
struct record_message_row {
  struct record_message message;
  unsigned int length;
};

#endif /* REDOUBT_BPF_RECORD_PROGRAMS_KERNEL_H_ */
