/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The few kernel types that the programs read, with the few members that they read. The offsets are filled in when the programs are loaded, from the
 * running kernel's BTF (CO-RE), so no header of the build host's kernel takes part.
 *
 * The programs that judge read members through typed pointers only, never with bpf_probe_read_kernel(): that helper is refused under
 * lockdown=confidentiality. */
#ifndef REDOUBT_BPF_PROGRAMS_KERNEL_H_
#define REDOUBT_BPF_PROGRAMS_KERNEL_H_

#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "../abi.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pid {
  unsigned int level;
};

/* Of x86: whether the system call came by the 32-bit table. The registers at a system call are the kernel's struct, not that of its user-space headers. */
#if defined(__TARGET_ARCH_x86)
struct thread_info {
  unsigned int status;
};
struct pt_regs {
  unsigned long bx, cx, ax, si, di;
};
#else
struct thread_info {
  unsigned long flags;
};
struct pt_regs {
  unsigned long regs[31], pstate, orig_x0;
};
#endif

struct dentry;
struct vfsmount;

struct path {
  struct vfsmount* mnt;
  struct dentry* dentry;
};

struct fs_struct {
  struct path root;
};

struct task_struct {
  struct thread_info thread_info;
  int pid;
  int tgid;
  unsigned int ptrace;
  struct task_struct* real_parent;
  struct task_struct* parent;
  struct task_struct* group_leader;
  struct pid* thread_pid;
  struct fs_struct* fs;
  char comm[16];
};

struct super_block {
  unsigned long s_magic;
  unsigned long s_flags;
};

struct inode {
  unsigned short i_mode;
  struct super_block* i_sb;
};

struct qstr {
  union {
    struct {
      unsigned int hash;
      unsigned int len;
    };
  };
  const unsigned char* name;
};

struct dentry {
  struct dentry* d_parent;
  struct qstr d_name;
  struct inode* d_inode;
  unsigned char d_iname[32];
};

/* 6.14 gave the array a new name and a union around it. */
struct shortname_store {
  unsigned char string[40];
};
struct dentry___shortname {
  struct shortname_store d_shortname;
};

struct vfsmount {
  struct dentry* mnt_root;
};

struct mount {
  struct mount* mnt_parent;
  struct dentry* mnt_mountpoint;
  struct vfsmount mnt;
};

struct file {
  unsigned int f_mode;
  unsigned int f_flags;
  struct path f_path;
  struct inode* f_inode;
  void* f_security;
};

/* Where in f_security a security module has its own. */
struct lsm_blob_sizes {
  int lbs_file;
};

/* Of Landlock, since 6.2: what it has found allowed when the file was opened. */
struct landlock_file_security {
  unsigned short allowed_access;
};

struct linux_binprm {
  struct file* file;
};

enum kernel_read_file_id { READING_UNKNOWN };
enum kernel_load_data_id { LOADING_UNKNOWN };
enum lockdown_reason { LOCKDOWN_NONE };

#pragma clang attribute pop

struct cred;
struct key;

#endif /* REDOUBT_BPF_PROGRAMS_KERNEL_H_ */
