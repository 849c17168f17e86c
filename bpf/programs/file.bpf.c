/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Files that command the host, by the file system that they are of, not by path: a mask that is missing, a second procfs or a descriptor that was
 * left open make no difference. And terminals that are typed into. */
#include <linux/magic.h>

#include <asm/ioctls.h>

#include "judge.h"

#define FMODE_WRITE 0x2U
#define CONFIGFS_MAGIC 0x62656570
#define EFIVARFS_MAGIC_NUMBER 0xde5e81e4

/* Of no use to a container but to look at or steer the kernel. */
static __always_inline bool is_kernel_control(unsigned long magic) {
  return magic == DEBUGFS_MAGIC || magic == TRACEFS_MAGIC || magic == SECURITYFS_MAGIC || magic == BPF_FS_MAGIC || magic == CONFIGFS_MAGIC ||
         magic == EFIVARFS_MAGIC_NUMBER;
}

/* Compares with the zero behind the name. */
#define IS_NAMED(dentry, text) is_named(dentry, text, sizeof text)
static __always_inline bool is_named(struct dentry* dentry, const char* text, int size) {
  const unsigned int offset = name_offset(dentry);
#pragma unroll
  for (int i = 0; i < 20; ++i) {
    if (i < size && character(dentry, offset, i) != (unsigned char)text[i]) {
      return false;
    }
  }
  return true;
}

/* What the host's kernel starts as root, or does at once, when it is written to. */
static __always_inline bool commands_the_host(unsigned long magic, struct dentry* dentry) {
  if (magic == PROC_SUPER_MAGIC) {
    return IS_NAMED(dentry, "core_pattern") || IS_NAMED(dentry, "modprobe") || IS_NAMED(dentry, "sysrq-trigger") || IS_NAMED(dentry, "hotplug") ||
           IS_NAMED(dentry, "poweroff_cmd");
  }
  if (magic == SYSFS_MAGIC) {
    return IS_NAMED(dentry, "uevent_helper");
  }
  if (magic == BINFMTFS_MAGIC) {
    return IS_NAMED(dentry, "register");
  }
  return (magic == CGROUP_SUPER_MAGIC) && IS_NAMED(dentry, "release_agent");
}

/* Where commands_the_host() has names. */
static __always_inline bool may_command_the_host(unsigned long magic) {
  return magic == PROC_SUPER_MAGIC || magic == SYSFS_MAGIC || magic == BINFMTFS_MAGIC || magic == CGROUP_SUPER_MAGIC;
}

/* What file it is, before who opens it: nearly every open of the machine ends at the file system's number, without the lookup. */
SEC("lsm/file_open")
int BPF_PROG(redoubt_file_open, struct file* file, int before) {
  const unsigned long magic = file->f_inode->i_sb->s_magic;
  const bool is_command = (file->f_mode & FMODE_WRITE) != 0 && may_command_the_host(magic);
  if (before || !(is_kernel_control(magic) || is_command)) {
    return before;
  }
  const struct redoubt_task* policy = active_policy();
  if (!policy || !concerns(policy, REDOUBT_SURFACE_HOST_FILES)) {
    return 0;
  }
  struct dentry* dentry = file->f_path.dentry;
  if (!is_kernel_control(magic) && !commands_the_host(magic, dentry)) {
    return 0;
  }
  return verdict(policy, REDOUBT_SURFACE_HOST_FILES, REDOUBT_HOOK_file_open, magic, dentry);
}

static __always_inline int judge_ioctl(int before, __u32 hook, unsigned int command) {
  if (command != TIOCSTI && command != TIOCLINUX) {
    return before;
  }
  return judge(before, REDOUBT_SURFACE_TERMINAL_INJECTION, hook, command);
}

SEC("lsm/file_ioctl")
int BPF_PROG(redoubt_file_ioctl, struct file* file, unsigned int command, unsigned long argument, int before) {
  return judge_ioctl(before, REDOUBT_HOOK_file_ioctl, command);
}

/* 32-bit programs, since 6.8; before, file_ioctl has them all. */
SEC("lsm/file_ioctl_compat")
int BPF_PROG(redoubt_file_ioctl_compat, struct file* file, unsigned int command, unsigned long argument, int before) {
  return judge_ioctl(before, REDOUBT_HOOK_file_ioctl_compat, command);
}
