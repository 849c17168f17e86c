/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What Landlock refuses of files, written to the log of the programs of all.bpf.c: an object of its own, loaded when the first container asks for it, for
 * its programs stand at functions that every open of the node passes. At the end of Landlock's own functions, so neither permissions nor another
 * security module are taken for it. Nothing is judged here. */
#include <linux/landlock.h>

#include "judge.h"

#define PATH_BYTES REDOUBT_PATH
#include "path.h"

/* Headers older than the kernel end at ABI 2. */
#define ACCESS_TRUNCATE (1ULL << 14)

#define FMODE_READ 0x1U
#define FMODE_WRITE 0x2U
#define FMODE_EXEC_FLAG 0x20U /* of f_flags */
#define FORMAT_MASK 0170000U
#define FORMAT_FIFO 0010000U
#define FORMAT_CHARACTERS 0020000U
#define FORMAT_DIRECTORY 0040000U
#define FORMAT_BLOCKS 0060000U
#define FORMAT_LINK 0120000U
#define FORMAT_SOCKET 0140000U

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, REDOUBT_LOG_EVENTS);
  __type(key, __u32);
  __type(value, struct redoubt_paths);
} redoubt_paths SEC(".maps");

/* The slot of an event, twice: bit 0 says which of its two paths. */
static __always_inline char* path_text(const struct path_walk* walk) {
  __u32 slot = walk->room >> 1;
  struct redoubt_paths* paths = bpf_map_lookup_elem(&redoubt_paths, &slot);
  if (!paths) {
    return 0;
  }
  return walk->room & 1 ? paths->text + REDOUBT_PATH : paths->text;
}

/* A refusal: what was wanted, and of what. */
struct refusal {
  __u64 access;
  __u32 hook, error;
  struct vfsmount* mnt[2];
  struct dentry* dentry[2]; /* the second one may be null */
};

static __always_inline void fill_path(struct redoubt_path* path, __u32 room, struct dentry* dentry, struct vfsmount* mnt) {
  struct path_walk walk = {.dentry = dentry, .mnt = mnt, .room = room, .start = REDOUBT_PATH - 1};
  if (dentry) {
    write_path(&walk);
  }
  path->start = walk.start;
  path->cut = walk.cut;
  path->detached = walk.detached;
}

/* Not inlined: one copy for all. */
static __noinline int report_refusal(const struct refusal* refusal) {
  const struct redoubt_task* policy = active_policy();
  __u64 sequence = 0;
  struct redoubt_event* event = policy && policy->reports & REDOUBT_REPORTS_FILES ? next_event(policy, &sequence) : 0;
  if (!event) {
    return 0;
  }
  __u32 slot = (__u32)(sequence & (REDOUBT_LOG_EVENTS - 1));
  struct redoubt_paths* paths = bpf_map_lookup_elem(&redoubt_paths, &slot);
  if (paths) {
    paths->sequence = 0;
    fill_path(&paths->paths[0], slot << 1, refusal->dentry[0], refusal->mnt[0]);
    fill_path(&paths->paths[1], slot << 1 | 1, refusal->dentry[1], refusal->mnt[1]);
    paths->sequence = sequence;
  }
  event->detail = refusal->access;
  event->arguments[0] = event->arguments[1] = 0;
  event->surface = REDOUBT_SURFACE_COUNT;
  event->denied = 1;
  event->error = refusal->error;
  event->hook = refusal->hook;
  event->sequence = sequence;
  return 0;
}

static __always_inline bool is_refusal(int result) {
  return result == -EACCES || result == -EXDEV;
}

static __always_inline bool is_directory(struct file* file) {
  return (file->f_inode->i_mode & FORMAT_MASK) == FORMAT_DIRECTORY;
}

/* As Landlock's get_required_file_open_access(). A directory is opened for reading only. */
static __always_inline __u64 wanted_by_open(struct file* file) {
  const unsigned int mode = file->f_mode;
  if (mode & FMODE_READ && is_directory(file)) {
    return LANDLOCK_ACCESS_FS_READ_DIR;
  }
  return (mode & FMODE_READ ? LANDLOCK_ACCESS_FS_READ_FILE : 0) | (mode & FMODE_WRITE ? LANDLOCK_ACCESS_FS_WRITE_FILE : 0) |
         (file->f_flags & FMODE_EXEC_FLAG ? LANDLOCK_ACCESS_FS_EXECUTE : 0);
}

/* The address of the kernel's landlock_blob_sizes; 0: it keeps its symbols to itself. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} redoubt_sizes SEC(".maps");

/* Run once, by the loader, before the others are attached. A __ksym would make libbpf read all of /proc/kallsyms: as long as all else of a load. */
SEC("syscall")
int redoubt_find_sizes(void* context) {
  const char name[] = "landlock_blob_sizes";
  const __u32 zero = 0;
  __u64 address = 0;
  if (bpf_kallsyms_lookup_name(name, sizeof name, 0, &address) != 0) {
    address = 0;
  }
  bpf_map_update_elem(&redoubt_sizes, &zero, &address, BPF_ANY);
  return address != 0;
}

/* What of it Landlock has not found allowed; 0: it does not say (before 6.2, or the kernel keeps its symbols to itself). */
static __always_inline __u64 lacking_at_open(struct file* file, __u64 wanted) {
  const __u32 zero = 0;
  const __u64* address = bpf_map_lookup_elem(&redoubt_sizes, &zero);
  const struct lsm_blob_sizes* sizes = address ? (void*)*address : 0;
  const struct landlock_file_security* security;
  __u64 allowed = 0;
  if (!sizes || !bpf_core_type_exists(struct landlock_file_security)) {
    return 0;
  }
  security = (void*)((char*)file->f_security + BPF_CORE_READ(sizes, lbs_file));
  bpf_core_read(&allowed, bpf_core_field_size(security->allowed_access), &security->allowed_access);
  return wanted & ~allowed;
}

static __always_inline int report_open(struct file* file, __u64 wanted, __u64 lacking) {
  const struct refusal refusal = {.access = wanted | lacking << REDOUBT_LACKING,
                                  .hook = REDOUBT_HOOK_hook_file_open,
                                  .error = EACCES,
                                  .mnt = {file->f_path.mnt},
                                  .dentry = {file->f_path.dentry}};
  return report_refusal(&refusal);
}

SEC("fexit/hook_file_open")
int BPF_PROG(redoubt_hook_file_open, struct file* file, int result) {
  if (result != -EACCES) {
    return 0;
  }
  const __u64 wanted = wanted_by_open(file);
  return report_open(file, wanted, lacking_at_open(file, wanted));
}

/* In place of the program above, where BTF lacks that function: all security modules pass here, and Landlock has refused when it has left access out. */
SEC("fexit/security_file_open")
int BPF_PROG(redoubt_security_file_open, struct file* file, int result) {
  if (result != -EACCES) {
    return 0;
  }
  const __u64 wanted = wanted_by_open(file);
  const __u64 lacking = lacking_at_open(file, wanted);
  return lacking ? report_open(file, wanted, lacking) : 0;
}

#define REPORT_NAMED(operation, wanted, mount, named)                            \
  do {                                                                           \
    const struct refusal refusal = {.access = (wanted),                          \
                                    .hook = REDOUBT_HOOK_hook_path_##operation,  \
                                    .error = (__u32)-result,                     \
                                    .mnt = {mount},                              \
                                    .dentry = {named}};                          \
    return is_refusal(result) ? report_refusal(&refusal) : 0;                    \
  } while (0)

SEC("fexit/hook_path_mkdir")
int BPF_PROG(redoubt_hook_path_mkdir, const struct path* directory, struct dentry* named, unsigned short mode, int result) {
  REPORT_NAMED(mkdir, LANDLOCK_ACCESS_FS_MAKE_DIR, directory->mnt, named);
}

/* As Landlock's get_mode_access(): what it takes to make such a file, or to bring it here. */
static __always_inline __u64 wanted_to_make(unsigned int mode) {
  switch (mode & FORMAT_MASK) {
    case FORMAT_LINK:
      return LANDLOCK_ACCESS_FS_MAKE_SYM;
    case FORMAT_DIRECTORY:
      return LANDLOCK_ACCESS_FS_MAKE_DIR;
    case FORMAT_CHARACTERS:
      return LANDLOCK_ACCESS_FS_MAKE_CHAR;
    case FORMAT_BLOCKS:
      return LANDLOCK_ACCESS_FS_MAKE_BLOCK;
    case FORMAT_FIFO:
      return LANDLOCK_ACCESS_FS_MAKE_FIFO;
    case FORMAT_SOCKET:
      return LANDLOCK_ACCESS_FS_MAKE_SOCK;
    default:
      return LANDLOCK_ACCESS_FS_MAKE_REG;
  }
}

SEC("fexit/hook_path_mknod")
int BPF_PROG(redoubt_hook_path_mknod, const struct path* directory, struct dentry* named, unsigned short mode, unsigned int device, int result) {
  REPORT_NAMED(mknod, wanted_to_make(mode), directory->mnt, named);
}

SEC("fexit/hook_path_symlink")
int BPF_PROG(redoubt_hook_path_symlink, const struct path* directory, struct dentry* named, const char* target, int result) {
  REPORT_NAMED(symlink, LANDLOCK_ACCESS_FS_MAKE_SYM, directory->mnt, named);
}

SEC("fexit/hook_path_unlink")
int BPF_PROG(redoubt_hook_path_unlink, const struct path* directory, struct dentry* named, int result) {
  REPORT_NAMED(unlink, LANDLOCK_ACCESS_FS_REMOVE_FILE, directory->mnt, named);
}

SEC("fexit/hook_path_rmdir")
int BPF_PROG(redoubt_hook_path_rmdir, const struct path* directory, struct dentry* named, int result) {
  REPORT_NAMED(rmdir, LANDLOCK_ACCESS_FS_REMOVE_DIR, directory->mnt, named);
}

/* Since 6.2, as the right itself. */
SEC("fexit/hook_path_truncate")
int BPF_PROG(redoubt_hook_path_truncate, const struct path* path, int result) {
  REPORT_NAMED(truncate, ACCESS_TRUNCATE, path->mnt, path->dentry);
}

static __always_inline unsigned int mode_of(struct dentry* dentry) {
  return BPF_CORE_READ(dentry, d_inode, i_mode);
}

/* Both names are on one mount, or the kernel had answered before. */
SEC("fexit/hook_path_link")
int BPF_PROG(redoubt_hook_path_link, struct dentry* old, const struct path* directory, struct dentry* named, int result) {
  if (!is_refusal(result)) {
    return 0;
  }
  const bool is_moved = old->d_parent != directory->dentry;
  const struct refusal refusal = {.access = wanted_to_make(mode_of(old)) | (is_moved ? LANDLOCK_ACCESS_FS_REFER : 0),
                                  .hook = REDOUBT_HOOK_hook_path_link,
                                  .error = (__u32)-result,
                                  .mnt = {directory->mnt, directory->mnt},
                                  .dentry = {old, named}};
  return report_refusal(&refusal);
}

SEC("fexit/hook_path_rename")
int BPF_PROG(redoubt_hook_path_rename, const struct path* old_directory, struct dentry* old, const struct path* new_directory, struct dentry* named,
             unsigned int flags, int result) {
  if (!is_refusal(result)) {
    return 0;
  }
  const unsigned int mode = mode_of(old);
  const bool is_moved = old_directory->dentry != new_directory->dentry;
  const struct refusal refusal = {
      .access = wanted_to_make(mode) | (is_moved ? LANDLOCK_ACCESS_FS_REFER : 0) |
                ((mode & FORMAT_MASK) == FORMAT_DIRECTORY ? LANDLOCK_ACCESS_FS_REMOVE_DIR : LANDLOCK_ACCESS_FS_REMOVE_FILE),
      .hook = REDOUBT_HOOK_hook_path_rename,
      .error = (__u32)-result,
      .mnt = {old_directory->mnt, new_directory->mnt},
      .dentry = {old, named}};
  return report_refusal(&refusal);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
