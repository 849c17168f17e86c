// The rootfs as a mount, what is hidden and write-protected in it, and the way in: pivot_root(2).
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "init/child/mount_api.h"
#include "init/child/rooted.h"
#include "init/child/step.h"
#include "init/child/sys.h"
#include "init/child/text.h"

namespace redoubt::init {
namespace {

StepStatus failed(Context& context, const char* what, const char* path, long err) {
  FixedText<kItemLimit> text;
  text.add(path).add("\n").add(what);
  memcpy(context.scratch, text.data, text.size + 1);
  return {static_cast<int>(-err), context.scratch};
}

// The host's /dev/null, verified to be the device 1:3: masks are made of it, and a swapped one
// would hand the container any file of the host (CVE-2025-31133).
long open_host_null() {
  const long fd = sys::openat(AT_FDCWD, "/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat st {};
  if (fd < 0) {
    return fd;
  }
  const long err = stat_fd(static_cast<int>(fd), &st);
  if (err < 0 || (st.st_mode & S_IFMT) != S_IFCHR || st.st_rdev != makedev(1, 3)) {
    sys::close(static_cast<int>(fd));
    return err < 0 ? err : -ENODEV;
  }
  return fd;
}

long mask_file(const Context& context, int target_fd) {
  const long tree = open_tree(context.host_null_fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
  if (tree < 0) {
    return tree;
  }
  const long err = move_mount(static_cast<int>(tree), target_fd);
  sys::close(static_cast<int>(tree));
  return err;
}

// One empty read-only tmpfs for all masked directories: made for the first, cloned for the others
// (`shared_fd` is the attached one).
long mask_directory(int target_fd, long* shared_fd) {
  long mount = -1;
  if (*shared_fd >= 0) {
    mount = open_tree(static_cast<int>(*shared_fd), "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
  } else {
    const long fs = sys::call(SYS_fsopen, sys::arg("tmpfs"), FSOPEN_CLOEXEC);
    if (fs < 0) {
      return fs;
    }
    const int fs_fd = static_cast<int>(fs);
    fsconfig(fs_fd, FSCONFIG_SET_STRING, "nr_blocks", "1");
    fsconfig(fs_fd, FSCONFIG_SET_STRING, "nr_inodes", "1");
    fsconfig(fs_fd, FSCONFIG_SET_STRING, "mode", "0755");
    mount = fsconfig(fs_fd, FSCONFIG_CMD_CREATE, nullptr, nullptr);
    if (mount >= 0) {
      mount =
          sys::call(SYS_fsmount,
                    fs_fd,
                    FSMOUNT_CLOEXEC,
                    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    }
    sys::close(fs_fd);
  }
  if (mount < 0) {
    return mount;
  }
  const long err = move_mount(static_cast<int>(mount), target_fd);
  if (err == 0 && *shared_fd < 0) {
    *shared_fd = mount;
    return 0;
  }
  sys::close(static_cast<int>(mount));
  return err;
}

// Makes the mount that carries the directory private: climbs with ".." until a mount root accepts
// the change (EINVAL elsewhere).
long make_carrier_private(int directory_fd) {
  long fd = sys::call(SYS_fcntl, directory_fd, F_DUPFD_CLOEXEC, 3);
  for (int depth = 0; fd >= 0 && depth < 256; ++depth) {
    const long err = set_mount_attributes(static_cast<int>(fd), 0, 0, MS_PRIVATE, false);
    if (err != -EINVAL) {
      sys::close(static_cast<int>(fd));
      return err;
    }
    const long up = sys::openat(static_cast<int>(fd), "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    sys::close(static_cast<int>(fd));
    fd = up;
  }
  return fd < 0 ? fd : -ELOOP;
}

// The old root sits below the new one at "." after pivot_root(".", "."); made a slave first so that
// its unmounting stays here.
long leave_old_root() {
  long err = sys::mount(nullptr, ".", nullptr, MS_SLAVE | MS_REC, nullptr);
  if (err == 0) {
    err = sys::call(SYS_umount2, sys::arg("."), MNT_DETACH);
  }
  return err;
}

long pivot(int root_fd) {
  long err = sys::call(SYS_fchdir, root_fd);
  if (err == 0) {
    err = sys::call(SYS_pivot_root, sys::arg("."), sys::arg("."));
  }
  return err == 0 ? leave_old_root() : err;
}

// --no-pivot, for a rootfs on the initramfs: weaker, the old root stays below. The host's proc and
// sysfs go first, so that the container cannot mount them again unmasked through the kernel's
// visibility rule.
long move_root(int root_fd) {
  sys::call(SYS_umount2, sys::arg("/proc"), MNT_DETACH);
  sys::call(SYS_umount2, sys::arg("/sys"), MNT_DETACH);
  long err = sys::call(SYS_fchdir, root_fd);
  if (err == 0) {
    err = sys::mount(".", "/", nullptr, MS_MOVE, nullptr);
  }
  return err == 0 ? sys::call(SYS_chroot, sys::arg(".")) : err;
}

}  // namespace

StepStatus set_root_propagation(const InitProgram& program, Context& context) {
  const long err = sys::mount(nullptr, "/", nullptr, program.rootfs.propagation, nullptr);
  if (err < 0) {
    return {static_cast<int>(-err), "root propagation"};
  }
  const long null_fd = open_host_null();
  if (null_fd < 0) {
    return {static_cast<int>(-null_fd), "host /dev/null"};
  }
  context.host_null_fd = static_cast<int>(null_fd);
  return kOk;
}

StepStatus bind_rootfs(const InitProgram& program, Context& context) {
  const RootfsProgram& rootfs = program.rootfs;
  const long tree = rootfs.tree_fd >= 0
                        ? rootfs.tree_fd
                        : open_tree(AT_FDCWD, rootfs.path, OPEN_TREE_CLONE | AT_RECURSIVE);
  if (tree < 0) {
    return {static_cast<int>(-tree), rootfs.path};
  }
  const long target = sys::openat(AT_FDCWD, rootfs.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (target < 0) {
    return {static_cast<int>(-target), rootfs.path};
  }
  // pivot_root refuses a shared parent mount, and a mount below a shared one would show up on the
  // host. The parent mount is the one that carries the rootfs directory; mount_setattr needs its
  // root, so the mount is made private by walking up to it.
  if (rootfs.make_parent_private != 0) {
    const long private_err = make_carrier_private(static_cast<int>(target));
    if (private_err < 0) {
      return {static_cast<int>(-private_err), rootfs.path};
    }
  }
  long err =
      set_mount_attributes(static_cast<int>(tree), 0, 0, rootfs.final_propagation == 0 ? 0 : MS_PRIVATE, false);
  err = err < 0 ? err : move_mount(static_cast<int>(tree), static_cast<int>(target));
  sys::close(static_cast<int>(target));
  if (err < 0) {
    return {static_cast<int>(-err), rootfs.path};
  }
  context.root_fd = static_cast<int>(tree);
  return kOk;
}

// The working directory is made while the rootfs can be written to; 0755 and root's, as runc does.
StepStatus make_working_directory(const InitProgram& program, Context& context) {
  bool created = false;
  const long fd =
      open_target(context.root_fd, program.process.cwd, TargetKind::kDirectory, &created);
  // Whatever is wrong with it (a file, a loop, /proc/self/fd/7) is reported by the chdir later, in
  // its words.
  if (fd >= 0) {
    sys::close(static_cast<int>(fd));
  }
  return kOk;
}

StepStatus mask_paths(const InitProgram& program, Context& context) {
  long shared_fd = -1;
  for (const char* path : program.rootfs.masked_paths) {
    const long target = open_in_root(context.root_fd, path, O_PATH);
    if (target == -ENOENT || target == -ENOTDIR) {
      continue;  // nothing there to hide
    }
    if (target < 0) {
      return failed(context, "open", path, target);
    }
    const int fd = static_cast<int>(target);
    struct stat st {};
    long err = stat_fd(fd, &st);
    if (err == 0) {
      err = (st.st_mode & S_IFMT) == S_IFDIR ? mask_directory(fd, &shared_fd)
                                             : mask_file(context, fd);
    }
    sys::close(fd);
    if (err < 0) {
      return failed(context, "mask", path, err);
    }
  }
  sys::close(static_cast<int>(shared_fd));
  return kOk;
}

StepStatus protect_paths(const InitProgram& program, Context& context) {
  for (const char* path : program.rootfs.readonly_paths) {
    const long target = open_in_root(context.root_fd, path, O_PATH);
    if (target == -ENOENT || target == -ENOTDIR) {
      continue;
    }
    long err = target;
    if (target >= 0) {
      const int target_fd = static_cast<int>(target);
      const long tree = open_tree(target_fd, "", OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH);
      err = tree < 0 ? tree
                     : set_mount_attributes(static_cast<int>(tree), MOUNT_ATTR_RDONLY, 0, 0, true);
      err = err < 0 ? err : move_mount(static_cast<int>(tree), target_fd);
      sys::close(static_cast<int>(tree));
      sys::close(target_fd);
    }
    if (err < 0) {
      return failed(context, "read-only", path, err);
    }
  }
  return kOk;
}

StepStatus enter_root(const InitProgram& program, Context& context) {
  const long err =
      program.rootfs.no_pivot != 0 ? move_root(context.root_fd) : pivot(context.root_fd);
  if (err < 0) {
    return {static_cast<int>(-err),
            program.rootfs.no_pivot != 0 ? "move rootfs to /" : "pivot_root"};
  }
  const uint64_t propagation = program.rootfs.final_propagation;
  const long shared = propagation == 0 ? 0 : sys::mount(nullptr, "/", nullptr, propagation, nullptr);
  if (shared < 0) {
    return {static_cast<int>(-shared), "root propagation"};
  }
  const long moved = sys::call(SYS_chdir, sys::arg("/"));
  if (moved < 0) {
    return {static_cast<int>(-moved), "/"};
  }
  sys::close(context.host_null_fd);
  context.host_null_fd = -1;
  return kOk;
}

}  // namespace redoubt::init
