/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Files as they are opened and executed (the kernel's own object: links and ".." are gone), and names as system calls are given them. */
#ifndef REDOUBT_BPF_RECORD_PROGRAMS_FILE_H_
#define REDOUBT_BPF_RECORD_PROGRAMS_FILE_H_

#include "maps.h"
#include "scratch.h"

#define FMODE_READ_BIT 0x1
#define FMODE_WRITE_BIT 0x2
#define FMODE_CREATED_BIT 0x100000
#define FMODE_BACKING_BITS 0x3000000
#define FORMAT_MASK 0170000
#define FORMAT_DIRECTORY 0040000
#define NO_DIRECTORY_FD (-100) /* AT_FDCWD */

/* A struct path of our own: the kernel's is for CO-RE. */
struct redoubt_record_place {
  struct vfsmount* mnt;
  struct dentry* dentry;
};

/* The open file of a descriptor of the current process. */
static __always_inline struct file* file_of(int fd) {
  struct task_struct* task = (void*)bpf_get_current_task();
  struct fdtable* table = BPF_CORE_READ(task, files, fdt);
  struct file** slots = BPF_CORE_READ(table, fd);
  struct file* file = 0;
  if (fd < 0 || (unsigned int)fd >= BPF_CORE_READ(table, max_fds)) {
    return 0;
  }
  bpf_probe_read_kernel(&file, sizeof file, &slots[fd]);
  return file;
}

static __always_inline struct redoubt_record_place opened_path(struct file* file) {
  struct redoubt_record_place place = {BPF_CORE_READ(file, f_path.mnt), BPF_CORE_READ(file, f_path.dentry)};
  return place;
}

/* Of a file that overlayfs has opened below the one that was asked for. The bit that says so has moved between versions, so whether the plain path
 * leads anywhere is asked first. */
static __always_inline struct redoubt_record_place asked_path(struct file* file) {
  struct backing_file* backing = (void*)file;
  struct redoubt_record_place place = {};
  if ((BPF_CORE_READ(file, f_mode) & FMODE_BACKING_BITS) && bpf_core_field_exists(backing->user_path)) {
    bpf_core_read(&place.mnt, sizeof place.mnt, &backing->user_path.mnt);
    bpf_core_read(&place.dentry, sizeof place.dentry, &backing->user_path.dentry);
  }
  return place;
}

/* Not inlined: one copy for all. */
static __noinline int see_file(struct file* file, __u16 access) {
  struct redoubt_record_summary* all = summary();
  struct redoubt_record_file* scratch = scratch_file();
  struct redoubt_record_file_key key = {};
  if (!all || !scratch || !file) {
    return 0;
  }
  struct redoubt_record_place place = opened_path(file);
  struct dentry* dentry = place.dentry;
  key.inode = BPF_CORE_READ(dentry, d_inode, i_ino);
  key.directory = BPF_CORE_READ(dentry, d_parent, d_inode, i_ino);
  key.name = BPF_CORE_READ(dentry, d_name.hash_len);
  key.device = BPF_CORE_READ(dentry, d_sb, s_dev);
  if ((BPF_CORE_READ(dentry, d_inode, i_mode) & FORMAT_MASK) == FORMAT_DIRECTORY) {
    access |= REDOUBT_RECORD_DIRECTORY;
  }
  key.access = access;
  key.phase = (__u16)all->phase;
  if (bpf_map_lookup_elem(&rec_files, &key)) {
    return 0;
  }
  write_scratch(scratch, dentry, place.mnt);
  if (scratch->detached) {
    place = asked_path(file);
    if (place.dentry) {
      write_scratch(scratch, place.dentry, place.mnt);
    }
  }
  if (bpf_map_update_elem(&rec_files, &key, scratch, BPF_ANY) != 0) {
    __sync_fetch_and_add(&all->lost_files, 1);
  }
  return 0;
}

/* What open(2) has returned. With neither letter (O_PATH) nothing was opened. */
static __always_inline int see_opened(int fd) {
  struct file* file = file_of(fd);
  const unsigned int mode = file ? BPF_CORE_READ(file, f_mode) : 0;
  __u16 access = 0;
  access |= mode & FMODE_READ_BIT ? REDOUBT_RECORD_READ : 0;
  access |= mode & FMODE_WRITE_BIT ? REDOUBT_RECORD_WRITE : 0;
  access |= mode & FMODE_CREATED_BIT ? REDOUBT_RECORD_CHANGE : 0;
  return access ? see_file(file, access) : 0;
}

/* The name in the room's key, which starts from the directory of `directory_fd`. */
static __noinline int see_name(int directory_fd, __u16 access) {
  struct record_room* place = room();
  struct redoubt_record_name_key* key = place ? &place->name : 0;
  struct redoubt_record_summary* all = summary();
  struct redoubt_record_file* scratch = scratch_file();
  struct task_struct* task = (void*)bpf_get_current_task();
  if (!all || !scratch || !key || !key->text[0]) {
    return 0;
  }
  struct dentry* dentry = BPF_CORE_READ(task, fs, pwd.dentry);
  struct vfsmount* mnt = BPF_CORE_READ(task, fs, pwd.mnt);
  struct file* directory = directory_fd == NO_DIRECTORY_FD ? 0 : file_of(directory_fd);
  if (key->text[0] != '/' && directory_fd != NO_DIRECTORY_FD) {
    dentry = BPF_CORE_READ(directory, f_path.dentry);
    mnt = BPF_CORE_READ(directory, f_path.mnt);
  }
  key->inode = BPF_CORE_READ(dentry, d_inode, i_ino);
  key->device = BPF_CORE_READ(dentry, d_sb, s_dev);
  key->access = access;
  key->phase = phase_of(all);
  if (bpf_map_lookup_elem(&rec_names, key)) {
    return 0;
  }
  write_scratch(scratch, dentry, mnt);
  if (bpf_map_update_elem(&rec_names, key, scratch, BPF_ANY) != 0) {
    __sync_fetch_and_add(&all->lost_names, 1);
  }
  return 0;
}

/* Behind the text a key is all zero, or it would not be the same key again. */
static __always_inline void clear_name(struct redoubt_record_name_key* key) {
  __builtin_memset(key, 0, sizeof *key);
}

/* A name in the memory of the process. One that is cut is no key. */
static __noinline int see_user_name(const void* name, int directory_fd, __u16 access) {
  struct record_room* place = room();
  struct redoubt_record_summary* all = summary();
  if (!place || !all) {
    return 0;
  }
  clear_name(&place->name);
  const long length = bpf_probe_read_user_str(place->name.text, sizeof place->name.text, name);
  if (length < 0 || length == sizeof place->name.text) {
    __sync_fetch_and_add(&all->lost_names, 1);
    return 0;
  }
  return see_name(directory_fd, access);
}

#endif /* REDOUBT_BPF_RECORD_PROGRAMS_FILE_H_ */
