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
static __always_inline bool is_kernel_control(__u32 magic) {
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
static __always_inline bool commands_the_host(__u32 magic, struct dentry* dentry) {
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

/* Of all file systems, those that redoubt_judge_open() knows, and some of no matter whose numbers lie between theirs. By as few comparisons as
 * there can be, for every open of the machine makes them. */
_Static_assert(PROC_SUPER_MAGIC < CGROUP_SUPER_MAGIC && CGROUP_SUPER_MAGIC < BINFMTFS_MAGIC && BINFMTFS_MAGIC < CONFIGFS_MAGIC, "below");
_Static_assert(CONFIGFS_MAGIC < SYSFS_MAGIC && SYSFS_MAGIC < DEBUGFS_MAGIC && DEBUGFS_MAGIC < SECURITYFS_MAGIC && SECURITYFS_MAGIC < TRACEFS_MAGIC, "range");
static __always_inline bool is_to_be_judged(__u32 magic) {
  if (magic < CONFIGFS_MAGIC) {
    return magic > CGROUP_SUPER_MAGIC ? magic == BINFMTFS_MAGIC : magic == PROC_SUPER_MAGIC || magic == CGROUP_SUPER_MAGIC;
  }
  return magic <= TRACEFS_MAGIC || magic == BPF_FS_MAGIC || magic == EFIVARFS_MAGIC_NUMBER;
}

/* Not inlined: it keeps values over calls, and its registers would be saved at every open. */
static __noinline int redoubt_judge_open(struct file* file, __u32 magic) {
  struct dentry* dentry = file->f_path.dentry;
  if (!is_kernel_control(magic) && !((file->f_mode & FMODE_WRITE) != 0 && commands_the_host(magic, dentry))) {
    return 0;
  }
  const struct redoubt_task* policy = active_policy();
  return policy ? verdict(policy, REDOUBT_SURFACE_HOST_FILES, REDOUBT_HOOK_file_open, magic, dentry) : 0;
}

/* What file it is, before who opens it: nearly every open of the machine ends at the file system's number, without the lookup. The kernel asks no
 * program when another one has refused. */
SEC("lsm/file_open")
int BPF_PROG(redoubt_file_open, struct file* file) {
  const __u32 magic = (__u32)file->f_inode->i_sb->s_magic;
  return is_to_be_judged(magic) ? redoubt_judge_open(file, magic) : 0;
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
