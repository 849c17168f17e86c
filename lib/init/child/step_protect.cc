// What is hidden (linux.maskedPaths) and write-protected (linux.readonlyPaths) in the rootfs.
#include <errno.h>
#include <linux/openat2.h>
#include <sys/stat.h>

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
// (`mask_fd` is the attached one).
long mask_directory(Context& context, int target_fd) {
  long mount = -1;
  if (context.mask_fd >= 0) {
    mount = open_tree(context.mask_fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
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
  if (err == 0 && context.mask_fd < 0) {
    context.mask_fd = static_cast<int>(mount);
    return 0;
  }
  sys::close(static_cast<int>(mount));
  return err;
}

long mask_target(Context& context, int target_fd) {
  struct stat st {};
  const long err = stat_fd(target_fd, &st);
  if (err < 0) {
    return err;
  }
  return (st.st_mode & S_IFMT) == S_IFDIR ? mask_directory(context, target_fd)
                                          : mask_file(context, target_fd);
}

long make_readonly(Context&, int target_fd) {
  const long tree = open_tree(target_fd, "", OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH);
  if (tree < 0) {
    return tree;
  }
  long err = set_mount_attributes(static_cast<int>(tree), MOUNT_ATTR_RDONLY, 0, 0, true);
  err = err < 0 ? err : move_mount(static_cast<int>(tree), target_fd);
  sys::close(static_cast<int>(tree));
  return err;
}

bool has_parent_component(const char* path) {
  for (; *path != '\0'; ++path) {
    if (starts_with(path, "/../") || text_equal(path, "/..")) {
      return true;
    }
  }
  return false;
}

// A mount of the container that paths to hide or to protect are looked up in.
struct ProtectedMount {
  const char* prefix;  // "/proc/"
  int fd;              // -1: none
  bool shown;          // it is what the path leads to
};

ProtectedMount find_mount(const Context& context, const char* prefix, int fd) {
  struct stat own {};
  struct stat shown {};
  const long top = open_in_root(context.root_fd, prefix, O_PATH);
  const bool same = fd >= 0 && stat_fd(fd, &own) == 0 && top >= 0 &&
                    stat_fd(static_cast<int>(top), &shown) == 0 && own.st_dev == shown.st_dev &&
                    own.st_ino == shown.st_ino;
  sys::close(static_cast<int>(top));
  return {prefix, fd, same};
}

using ProtectStep = long (*)(Context& context, int target_fd);

// What is not there needs no protection.
long protect_at(Context& context, int root_fd, const char* path, ProtectStep protect, uint64_t resolve = 0) {
  const long target = open_in_root(root_fd, path, O_PATH, resolve);
  if (target < 0) {
    return target == -ENOENT || target == -ENOTDIR ? 0 : target;
  }
  const long err = protect(context, static_cast<int>(target));
  sys::close(static_cast<int>(target));
  return err;
}

// The innermost mount of config.json that the path is in; nullptr: the rootfs itself.
const MountStep* find_holder(const InitProgram& program, const char* path) {
  const MountStep* holder = nullptr;
  for (const MountStep& mount : program.rootfs.mounts) {
    if (mount.mount_fd >= 0 && is_below(path, mount.destination) &&
        (holder == nullptr || text_length(mount.destination) >= text_length(holder->destination))) {
      holder = &mount;
    }
  }
  return holder;
}

// In the mount, and by the path as well where that leads elsewhere: a later mount covers this one, or a link is in
// between, which means what it means in the container.
long protect_in_holder(
    Context& context, const MountStep& holder, const char* path, ProtectStep protect, bool* by_path) {
  const long err = protect_at(
      context, holder.mount_fd, path + text_length(holder.destination) + 1, protect, RESOLVE_NO_SYMLINKS);
  const bool shown = find_mount(context, holder.destination, holder.mount_fd).shown;
  *by_path = err == -ELOOP || !shown;
  return err == -ELOOP || (err == -EINVAL && !shown) ? 0 : err;  // EINVAL: a hook has unmounted it
}

// Paths in /proc and /sys are looked up in those very mounts: a rootfs that is shared can have its
// "proc" renamed away after the mount, and the path would miss it (CVE-2019-19921). When the path
// leads elsewhere (a hook has mounted over it) it is followed as well. ".." would stop at the roots
// of the mounts instead of climbing out.
StepStatus protect_all(const InitProgram& program,
                       Context& context,
                       const Span<const char*>& paths,
                       ProtectStep protect,
                       const char* what) {
  const ProtectedMount mounts[] = {find_mount(context, "/proc/", context.proc_mount_fd),
                                   find_mount(context, "/sys/", context.sys_mount_fd)};
  for (const char* path : paths) {
    bool by_path = true;
    long err = 0;
    for (const ProtectedMount& mount : mounts) {
      if (mount.fd >= 0 && starts_with(path, mount.prefix) && !has_parent_component(path)) {
        err = protect_at(context, mount.fd, path + text_length(mount.prefix), protect);
        by_path = !mount.shown;
      }
    }
    const MountStep* holder =
        err == 0 && by_path && !has_parent_component(path) ? find_holder(program, path) : nullptr;
    if (holder != nullptr) {
      err = protect_in_holder(context, *holder, path, protect, &by_path);
    }
    if (err == 0 && by_path) {
      err = protect_at(context, context.root_fd, path, protect);
    }
    if (err < 0) {
      return failed(context, what, path, err);
    }
  }
  return kOk;
}

}  // namespace

StepStatus mask_paths(const InitProgram& program, Context& context) {
  const StepStatus status =
      protect_all(program, context, program.rootfs.masked_paths, mask_target, "mask");
  sys::close(context.mask_fd);
  context.mask_fd = -1;
  return status;
}

StepStatus protect_paths(const InitProgram& program, Context& context) {
  return protect_all(program, context, program.rootfs.readonly_paths, make_readonly, "read-only");
}

}  // namespace redoubt::init
