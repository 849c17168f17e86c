// Device nodes, the links of /dev, and /dev/ptmx: all in directories opened beneath the rootfs
// (CVE-2026-41579: by path, the image's /dev link decided where these went).
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "init/child/mount_api.h"
#include "init/child/rooted.h"
#include "init/child/step.h"
#include "init/child/sys.h"
#include "init/child/text.h"

namespace redoubt::init {
namespace {

struct DevLink {
  const char* name;
  const char* target;
};

constexpr DevLink kDevLinks[] = {
    {"fd", "/proc/self/fd"},
    {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"},
};

bool matches(const DeviceStep& device, const struct stat& st) {
  return (st.st_mode & S_IFMT) == device.node_type &&
         (device.node_type == S_IFIFO || st.st_rdev == makedev(device.major, device.minor));
}

// The directory of the device at hand, kept for the next one: nearly all are in /dev.
struct Parent {
  FixedText<kPathLimit> path;
  long fd = -ENOENT;
};

// Makes `parent` the directory of `path` (made when missing); the last component's name through *name.
long enter_parent(int root_fd, const char* path, Parent& parent, const char** name) {
  size_t cut = 0;
  for (size_t i = 0; path[i] != '\0'; ++i) {
    cut = path[i] == '/' ? i : cut;
  }
  *name = path + cut + 1;
  FixedText<kPathLimit> wanted;
  wanted.add(path, cut == 0 ? 1 : cut);
  if (wanted.truncated) {
    return -ENAMETOOLONG;
  }
  if (parent.fd >= 0 && text_equal(parent.path.data, wanted.data)) {
    return parent.fd;
  }
  sys::close(static_cast<int>(parent.fd));
  bool created = false;
  parent.path = wanted;
  parent.fd = open_target(root_fd, wanted.data, TargetKind::kDirectory, &created);
  return parent.fd;
}

// fchmod(2) refuses an O_PATH descriptor, and fchmodat2(2) came with Linux 6.6.
long set_mode(int node_fd, uint32_t mode) {
#ifndef SYS_fchmodat2
  constexpr long SYS_fchmodat2 = 452;  // the same on every architecture
#endif
  const long err = sys::call(SYS_fchmodat2, node_fd, sys::arg(""), mode, AT_EMPTY_PATH);
  if (err != -ENOSYS) {
    return err;
  }
  FixedText<32> path;
  path.add("/proc/self/fd/").add_number(static_cast<unsigned>(node_fd));
  return sys::call(SYS_fchmodat, AT_FDCWD, sys::arg(path.data), mode);
}

// Owner and mode of the node at `name`, looked up once: in a directory that others share the name may be
// a link to a file of the host by now, and chmod would follow it.
long own_node(int parent_fd, const char* name, const DeviceStep& device) {
  const long node = sys::openat(parent_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (node < 0) {
    return node;
  }
  const int fd = static_cast<int>(node);
  struct stat st {};
  long err = stat_fd(fd, &st);
  if (err == 0 && !matches(device, st)) {
    err = -EEXIST;
  }
  const bool other_owner = st.st_uid != device.uid || st.st_gid != device.gid;
  if (err == 0 && other_owner) {
    err = sys::call(SYS_fchownat, fd, sys::arg(""), device.uid, device.gid, AT_EMPTY_PATH);
  }
  // mknod(2) has given the mode already, but for a default ACL of the directory.
  if (err == 0 && (other_owner || (st.st_mode & 07777) != device.mode)) {
    err = set_mode(fd, device.mode);
  }
  sys::close(fd);
  return err;
}

long make_node(int parent_fd, const char* name, const DeviceStep& device) {
  long err = sys::call(SYS_mknodat,
                       parent_fd,
                       sys::arg(name),
                       device.node_type | device.mode,
                       static_cast<long>(makedev(device.major, device.minor)));
  if (err == -EEXIST) {
    struct stat st {};
    err = sys::call(SYS_newfstatat, parent_fd, sys::arg(name), sys::arg(&st), AT_SYMLINK_NOFOLLOW);
    // What the image brought may stay only if it is the same device.
    return err < 0 ? err : matches(device, st) ? 0 : -EEXIST;
  }
  return err < 0 ? err : own_node(parent_fd, name, device);
}

// In a user namespace mknod is refused: the host's node is bound over an empty file, after a look
// at what it is.
long bind_node(int parent_fd, const char* name, const DeviceStep& device) {
  const long tree = open_tree(AT_FDCWD, device.path, OPEN_TREE_CLONE | AT_SYMLINK_NOFOLLOW);
  if (tree < 0) {
    return tree;
  }
  struct stat st {};
  long err = stat_fd(static_cast<int>(tree), &st);
  if (err == 0 && !matches(device, st)) {
    err = -ENODEV;
  }
  if (err == 0) {
    err = sys::call(SYS_mknodat, parent_fd, sys::arg(name), S_IFREG | 0644, 0);
    err = err == -EEXIST ? 0 : err;
  }
  long target = err;
  if (err == 0) {
    target = sys::openat(parent_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    err = target < 0 ? target : move_mount(static_cast<int>(tree), static_cast<int>(target));
    sys::close(static_cast<int>(target));
  }
  sys::close(static_cast<int>(tree));
  return err;
}

long make_device(const InitProgram& program,
                 const Context& context,
                 const DeviceStep& device,
                 Parent& parent) {
  const char* name = nullptr;
  const long directory = enter_parent(context.root_fd, device.path, parent, &name);
  if (directory < 0) {
    return directory;
  }
  const int fd = static_cast<int>(directory);
  const bool bind = program.rootfs.bind_devices != 0 && device.node_type != S_IFIFO;
  long err = bind ? bind_node(fd, name, device) : make_node(fd, name, device);
  if (err == -EPERM && !bind) {
    err = bind_node(fd, name, device);  // root without CAP_MKNOD (nested containers)
  }
  return err;
}

// The container's own devpts, never the host's multiplexer that an image may have brought. Containers
// that share a root without a /dev of their own do this at the same moment, and may find the link that
// another one has just made.
long replace_ptmx(int dev_fd) {
  constexpr int kAttempts = 16;
  long err = -EEXIST;
  for (int i = 0; i < kAttempts && err == -EEXIST; ++i) {
    err = sys::call(SYS_unlinkat, dev_fd, sys::arg("ptmx"), 0);
    if (err < 0 && err != -ENOENT) {
      return err;
    }
    err = sys::call(SYS_symlinkat, sys::arg("pts/ptmx"), dev_fd, sys::arg("ptmx"));
  }
  return err;
}

long make_links(int dev_fd, const Context& context) {
  for (const DevLink& link : kDevLinks) {
    const long err = sys::call(SYS_symlinkat, sys::arg(link.target), dev_fd, sys::arg(link.name));
    if (err < 0 && err != -EEXIST) {
      return err;
    }
  }
  const long core = open_in_root(context.root_fd, "/proc/kcore", O_PATH);
  if (core >= 0) {
    sys::close(static_cast<int>(core));
    const long err = sys::call(SYS_symlinkat, sys::arg("/proc/kcore"), dev_fd, sys::arg("core"));
    if (err < 0 && err != -EEXIST) {
      return err;
    }
  }
  return replace_ptmx(dev_fd);
}

}  // namespace

StepStatus make_devices(const InitProgram& program, Context& context) {
  if (program.rootfs.setup_dev == 0) {
    return kOk;
  }
  const long old_mask = sys::call(SYS_umask, 0);
  Parent parent;
  for (const DeviceStep& device : program.rootfs.devices) {
    const long err = make_device(program, context, device, parent);
    if (err < 0) {
      return {static_cast<int>(-err), device.path};
    }
  }
  sys::close(static_cast<int>(parent.fd));
  sys::call(SYS_umask, old_mask);
  bool created = false;
  const long dev = open_target(context.root_fd, "/dev", TargetKind::kDirectory, &created);
  const long err = dev < 0 ? dev : make_links(static_cast<int>(dev), context);
  sys::close(static_cast<int>(dev));
  return err < 0 ? StepStatus{static_cast<int>(-err), "/dev"} : kOk;
}

}  // namespace redoubt::init
