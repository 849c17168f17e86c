// mounts[] of config.json: each mount is built detached, its target found (or made) beneath the
// rootfs, and only then attached.
#include <errno.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include "init/child/copy_up.h"
#include "init/child/mount_api.h"
#include "init/child/rooted.h"
#include "init/child/step.h"
#include "init/child/sys.h"
#include "init/child/text.h"

namespace redoubt::init {
namespace {

// Where a mount goes: its target and what was there.
struct Target {
  long fd = -1;
  bool created = false;
};

StepStatus failed(Context& context, const MountStep& mount, const char* what, long err) {
  FixedText<kItemLimit> text;
  text.add(mount.destination).add("\n").add(what);
  memcpy(context.scratch, text.data, text.size + 1);
  return {static_cast<int>(-err), context.scratch};
}

bool is_tmpfs(const MountStep& mount) {
  return mount.kind == MountSource::kFilesystem && text_equal(mount.fs_type, "tmpfs");
}

// A read-only tmpfs and /dev stay writable until everything inside them is made (protect_root
// closes them).
bool is_deferred_readonly(const MountStep& mount) {
  return is_tmpfs(mount) || text_equal(mount.destination, "/dev");
}

bool holds_any(const MountStep& mount, const Span<const char*>& paths) {
  for (const char* path : paths) {
    if (is_below(path, mount.destination)) {
      return true;
    }
  }
  return false;
}

bool is_closed_later(const MountStep& mount) {
  return (mount.attr_set & MOUNT_ATTR_RDONLY) != 0 && is_deferred_readonly(mount);
}

long set_options(int fs_fd, const MountStep& mount, const char** failing) {
  *failing = "source";
  long err = 0;
  if (mount.source != nullptr && mount.source[0] != '\0') {
    err = fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", mount.source);
  }
  for (uint32_t i = 0; err == 0 && i < mount.options.size; ++i) {
    const MountOption& option = mount.options.data[i];
    *failing = option.key;
    err = fsconfig(fs_fd,
                   option.value == nullptr ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING,
                   option.key,
                   option.value);
  }
  return err;
}

// tmpfs takes the mode of the directory that it covers, unless the configuration gives one.
long inherit_mode(int fs_fd, const MountStep& mount, const Target& target) {
  struct stat st {};
  if (mount.inherit_mode == 0 || target.created || stat_fd(static_cast<int>(target.fd), &st) < 0) {
    return 0;
  }
  char digits[] = "00000";
  unsigned mode = st.st_mode & 07777;
  for (int i = 4; i >= 0; --i) {
    digits[i] = static_cast<char>('0' + (mode & 7));
    mode >>= 3;
  }
  return fsconfig(fs_fd, FSCONFIG_SET_STRING, "mode", digits);
}

// A new file system instance as a detached mount; fd or -errno, *failing names the call or option.
long make_filesystem(const MountStep& mount, const Target& target, const char** failing) {
  *failing = "fsopen";
  const long fs_fd = sys::call(SYS_fsopen, sys::arg(mount.fs_type), FSOPEN_CLOEXEC);
  if (fs_fd < 0) {
    return fs_fd;
  }
  const int fs = static_cast<int>(fs_fd);
  long err = set_options(fs, mount, failing);
  if (err == 0 && is_tmpfs(mount)) {
    err = inherit_mode(fs, mount, target);
  }
  if (err == 0) {
    *failing = "mount";
    err = fsconfig(fs, FSCONFIG_CMD_CREATE, nullptr, nullptr);
  }
  if (err == 0) {
    const uint64_t attributes = is_deferred_readonly(mount)
                                    ? mount.attr_set & ~uint64_t{MOUNT_ATTR_RDONLY}
                                    : mount.attr_set;
    err = sys::call(SYS_fsmount, fs, FSMOUNT_CLOEXEC, static_cast<long>(attributes));
  }
  sys::close(fs);
  return err;
}

long open_bind(const MountStep& mount, const char* source, bool recursive) {
  if (mount.tree_fd >= 0 && source == mount.source) {
    return mount.tree_fd;
  }
  return open_tree(AT_FDCWD,
                   source,
                   OPEN_TREE_CLONE | (recursive ? AT_RECURSIVE : 0) |
                       (mount.nofollow_source != 0 ? AT_SYMLINK_NOFOLLOW : 0));
}

// With flag words a bind is what they say, not what its source is: nosuid, nodev ... of the source
// go, as with mount(2) MS_REMOUNT | MS_BIND (docs/adr/0005). Those that the kernel has locked stay.
long set_bind_attributes(int fd, const MountStep& mount) {
  const uint64_t set = text_equal(mount.destination, "/dev")
                           ? mount.attr_set & ~uint64_t{MOUNT_ATTR_RDONLY}
                           : mount.attr_set;
  const long err =
      set_mount_attributes(fd, set, mount.attr_clear | mount.attr_clear_unlocked, 0, false);
  return err == -EPERM && mount.attr_clear_unlocked != 0
             ? set_mount_attributes(fd, set, mount.attr_clear, 0, false)
             : err;
}

long make_bind(const MountStep& mount, const char* source, bool recursive) {
  const long tree = open_bind(mount, source, recursive);
  if (tree < 0) {
    return tree;
  }
  const int fd = static_cast<int>(tree);
  const long err = set_bind_attributes(fd, mount);
  if (err < 0) {
    sys::close(fd);
    return err;
  }
  return fd;
}

bool is_directory(const struct stat& st) { return (st.st_mode & S_IFMT) == S_IFDIR; }

bool is_directory(int fd) {
  struct stat st {};
  return stat_fd(fd, &st) == 0 && is_directory(st);
}

// procfs of the container is written to by the runtime and trusted by it afterwards: nothing may
// cover parts of it but what the validator allowed by name (CVE-2019-16884), and a link must not
// lead a mount into it.
long guard_target(const MountStep& mount,
                  int target_fd,
                  const struct stat& target,
                  int mount_fd,
                  const Context& context) {
  if (target.st_dev == context.root_device && target.st_ino == context.root_inode) {
    return -EBUSY;  // the container's root itself
  }
  const bool in_proc = filesystem_type(target_fd) == PROC_SUPER_MAGIC;
  if (in_proc && mount.kind != MountSource::kProc && !starts_with(mount.destination, "/proc/") &&
      !(text_equal(mount.destination, "/proc") && filesystem_type(mount_fd) == PROC_SUPER_MAGIC)) {
    return -EPERM;
  }
  if (text_equal(mount.destination, "/proc") && mount.kind != MountSource::kProc &&
      filesystem_type(mount_fd) != PROC_SUPER_MAGIC) {
    return -EPERM;
  }
  return 0;
}

// proc and sysfs go on ordinary directories only: through a link the image would choose where
// labels and sysctls are written (CVE-2019-19921, CVE-2023-27561).
long open_ordinary_directory(int root_fd, const char* path, Target* target) {
  target->fd = open_in_root(root_fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
  if (target->fd == -ENOENT) {
    target->fd = open_target(root_fd, path, TargetKind::kDirectory, &target->created);
  }
  return target->fd;
}

// The last mount at /proc or /sys is the one to be masked (step_protect.cc). What is closed or masked in the end is
// the mount itself: in a rootfs that is shared its path may lead elsewhere by then.
long remember_mount(const InitProgram& program, Context& context, const MountStep& mount, int mount_fd) {
  int* slot = text_equal(mount.destination, "/proc")  ? &context.proc_mount_fd
              : text_equal(mount.destination, "/sys") ? &context.sys_mount_fd
                                                      : nullptr;
  const bool holder = slot == nullptr && (holds_any(mount, program.rootfs.masked_paths) ||
                                          holds_any(mount, program.rootfs.readonly_paths));
  if (holder || is_closed_later(mount)) {
    mount.mount_fd = static_cast<int>(sys::fcntl(mount_fd, F_DUPFD_CLOEXEC, 3));
    if (mount.mount_fd < 0) {
      return mount.mount_fd;
    }
  }
  if (slot == nullptr) {
    return 0;
  }
  const long copy = sys::fcntl(mount_fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) {
    return copy;
  }
  sys::close(*slot);
  *slot = static_cast<int>(copy);
  return 0;
}

StepStatus attach(const InitProgram& program,
                  Context& context,
                  const MountStep& mount,
                  int mount_fd,
                  Target target) {
  const int target_fd = static_cast<int>(target.fd);
  struct stat target_stat {};
  long err = stat_fd(target_fd, &target_stat);
  if (err < 0) {
    return failed(context, mount, "destination", err);
  }
  err = guard_target(mount, target_fd, target_stat, mount_fd, context);
  if (err < 0) {
    return failed(context, mount, err == -EPERM ? "inside /proc" : "the container's root", err);
  }
  // The root of a file system's instance is a directory, what a bind brings may be anything.
  const bool directory = mount.kind != MountSource::kBind || is_directory(mount_fd);
  if (directory != is_directory(target_stat)) {
    return failed(context,
                  mount,
                  directory ? "source is a directory, target is not"
                            : "source is a file, target is a directory",
                  -ENOTDIR);
  }
  if (mount.copy_up != 0) {
    err = copy_up(target_fd, mount_fd);
    if (err < 0) {
      return failed(context, mount, "tmpcopyup", err);
    }
  }
  err = set_mount_attributes(mount_fd, 0, 0, mount.propagation, mount.recursive_propagation != 0);
  if (err == 0) {
    err = set_mount_attributes(mount_fd, mount.rec_attr_set, mount.rec_attr_clear, 0, true);
  }
  if (err < 0) {
    return failed(context, mount, "mount_setattr", err);
  }
  err = move_mount(mount_fd, target_fd);
  if (err == 0) {
    err = remember_mount(program, context, mount, mount_fd);
  }
  return err < 0 ? failed(context, mount, "move_mount", err) : kOk;
}

StepStatus make_bind_mount(const InitProgram& program,
                           Context& context,
                           const MountStep& mount,
                           const char* source,
                           bool recursive) {
  const long tree = make_bind(mount, source, recursive);
  if (tree < 0) {
    return failed(context, mount, "bind", tree);
  }
  const int fd = static_cast<int>(tree);
  Target target;
  target.fd = open_target(context.root_fd,
                          mount.destination,
                          is_directory(fd) ? TargetKind::kDirectory : TargetKind::kFile,
                          &target.created);
  if (target.fd < 0) {
    sys::close(fd);
    return failed(context, mount, "destination", target.fd);
  }
  const StepStatus status = attach(program, context, mount, fd, target);
  sys::close(static_cast<int>(target.fd));
  sys::close(fd);
  return status;
}

bool wants_fallback(const MountStep& mount, long err) {
  return mount.bind_fallback != nullptr && (err == -EPERM || err == -EBUSY);
}

StepStatus make_filesystem_mount(const InitProgram& program,
                                 Context& context,
                                 const MountStep& mount) {
  Target target;
  if (mount.kind == MountSource::kProc || mount.kind == MountSource::kSysfs) {
    open_ordinary_directory(context.root_fd, mount.destination, &target);
    if (target.fd == -ELOOP || target.fd == -ENOTDIR) {
      return failed(context, mount, "must be mounted on ordinary directory", target.fd);
    }
  } else {
    target.fd =
        open_target(context.root_fd, mount.destination, TargetKind::kDirectory, &target.created);
  }
  if (target.fd < 0) {
    return failed(context, mount, "destination", target.fd);
  }
  const char* failing = "";
  const long fd = make_filesystem(mount, target, &failing);
  if (fd < 0) {
    sys::close(static_cast<int>(target.fd));
    if (wants_fallback(mount, fd)) {
      return make_bind_mount(program, context, mount, mount.bind_fallback, true);
    }
    return failed(context, mount, failing, fd);
  }
  const StepStatus status = attach(program, context, mount, static_cast<int>(fd), target);
  sys::close(static_cast<int>(target.fd));
  sys::close(static_cast<int>(fd));
  return status;
}

}  // namespace

StepStatus make_mounts(const InitProgram& program, Context& context) {
  for (const MountStep& mount : program.rootfs.mounts) {
    const StepStatus status =
        mount.kind == MountSource::kBind
            ? make_bind_mount(program, context, mount, mount.source, mount.recursive_bind != 0)
            : make_filesystem_mount(program, context, mount);
    if (status.err != 0) {
      return status;
    }
  }
  return kOk;
}

StepStatus protect_root(const InitProgram& program, Context& context) {
  for (const MountStep& mount : program.rootfs.mounts) {
    const bool closed = mount.mount_fd >= 0 && is_closed_later(mount);
    const long err = closed ? set_mount_attributes(mount.mount_fd, MOUNT_ATTR_RDONLY, 0, 0, false) : 0;
    if (err < 0 && err != -EINVAL) {  // EINVAL: a hook has unmounted it
      return failed(context, mount, "read-only", err);
    }
    sys::close(mount.mount_fd);
    mount.mount_fd = -1;
  }
  if (program.rootfs.readonly == 0) {
    return kOk;
  }
  const long err = set_mount_attributes(context.root_fd, MOUNT_ATTR_RDONLY, 0, 0, false);
  return err < 0 ? StepStatus{static_cast<int>(-err), "read-only rootfs"} : kOk;
}

}  // namespace redoubt::init
