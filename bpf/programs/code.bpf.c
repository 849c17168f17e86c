/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Code for the kernel (modules, other kernels, I/O ports) and code from nowhere (programs without a file). */
#include <linux/magic.h>

#include "judge.h"

#define SB_KERNMOUNT (1UL << 22)

/* The ids differ between kernels; their BTF has them by name. */
#define ID(type, name) bpf_core_enum_value(enum type, name)
enum kernel_read_file_id___names { READING_MODULE = 2, READING_KEXEC_IMAGE = 3, READING_KEXEC_INITRAMFS = 4 };
enum kernel_load_data_id___names { LOADING_MODULE = 2, LOADING_KEXEC_IMAGE = 3, LOADING_KEXEC_INITRAMFS = 4 };
enum lockdown_reason___names { LOCKDOWN_DEV_MEM = 2, LOCKDOWN_KEXEC = 5, LOCKDOWN_IOPORT = 8 };

static __always_inline int judge_code(int before, bool module, bool kernel, __u32 hook, __u64 detail) {
  if (module) {
    return judge(before, REDOUBT_SURFACE_MODULES, hook, detail);
  }
  return kernel ? judge(before, REDOUBT_SURFACE_KEXEC, hook, detail) : before;
}

SEC("lsm/kernel_read_file")
int BPF_PROG(redoubt_kernel_read_file, struct file* file, int id, bool contents, int before) {
  const bool module = id == (int)ID(kernel_read_file_id___names, READING_MODULE);
  const bool kernel = id == (int)ID(kernel_read_file_id___names, READING_KEXEC_IMAGE) ||
                      id == (int)ID(kernel_read_file_id___names, READING_KEXEC_INITRAMFS);
  return judge_code(before, module, kernel, REDOUBT_HOOK_kernel_read_file, (unsigned int)id);
}

SEC("lsm/kernel_load_data")
int BPF_PROG(redoubt_kernel_load_data, int id, bool contents, int before) {
  const bool module = id == (int)ID(kernel_load_data_id___names, LOADING_MODULE);
  const bool kernel = id == (int)ID(kernel_load_data_id___names, LOADING_KEXEC_IMAGE) ||
                      id == (int)ID(kernel_load_data_id___names, LOADING_KEXEC_INITRAMFS);
  return judge_code(before, module, kernel, REDOUBT_HOOK_kernel_load_data, (unsigned int)id);
}

SEC("lsm/locked_down")
int BPF_PROG(redoubt_locked_down, int what, int before) {
  if (what != (int)ID(lockdown_reason___names, LOCKDOWN_IOPORT) && what != (int)ID(lockdown_reason___names, LOCKDOWN_DEV_MEM)) {
    return before;
  }
  return judge(before, REDOUBT_SURFACE_RAW_IO, REDOUBT_HOOK_locked_down, (unsigned int)what);
}

/* A memfd: a file of the kernel's own tmpfs or hugetlbfs, which no path leads to. */
static __always_inline bool is_memfd(const struct file* file) {
  const struct super_block* superblock = file->f_inode->i_sb;
  return (superblock->s_magic == TMPFS_MAGIC || superblock->s_magic == HUGETLBFS_MAGIC) && (superblock->s_flags & SB_KERNMOUNT) != 0;
}

SEC("lsm/bprm_creds_for_exec")
int BPF_PROG(redoubt_bprm_creds_for_exec, struct linux_binprm* program, int before) {
  if (before || !is_memfd(program->file)) {
    return before;
  }
  return judge(before, REDOUBT_SURFACE_FILELESS_EXEC, REDOUBT_HOOK_bprm_creds_for_exec, 0);
}
