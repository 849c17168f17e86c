// The rootfs as a mount and the way in: pivot_root(2).
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

namespace redoubt::init {
namespace {

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

// Made a slave first so that its unmounting stays here. By its own descriptor: "." after
// pivot_root(".", ".") is the new root for mount(2), whose shared volumes would become slaves.
long leave_old_root(int old_root_fd) {
  long err = sys::call(SYS_fchdir, old_root_fd);
  if (err == 0) {
    err = sys::mount(nullptr, ".", nullptr, MS_SLAVE | MS_REC, nullptr);
  }
  if (err == 0) {
    err = sys::call(SYS_umount2, sys::arg("."), MNT_DETACH);
  }
  return err;
}

long pivot(int root_fd) {
  const long old_root = sys::openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (old_root < 0) {
    return old_root;
  }
  long err = sys::call(SYS_fchdir, root_fd);
  if (err == 0) {
    err = sys::call(SYS_pivot_root, sys::arg("."), sys::arg("."));
  }
  if (err == 0) {
    err = leave_old_root(static_cast<int>(old_root));
  }
  sys::close(static_cast<int>(old_root));
  return err;
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
  struct stat st {};
  err = stat_fd(context.root_fd, &st);
  context.root_device = st.st_dev;
  context.root_inode = st.st_ino;
  return err < 0 ? StepStatus{static_cast<int>(-err), rootfs.path} : kOk;
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
  int* const spent[] = {&context.host_null_fd, &context.proc_mount_fd, &context.sys_mount_fd};
  for (int* fd : spent) {
    sys::close(*fd);
    *fd = -1;
  }
  return kOk;
}

}  // namespace redoubt::init
