// The new mount interface (fsopen(2), fsmount(2), open_tree(2), mount_setattr(2), move_mount(2)): a
// mount is complete, with all its attributes, before anybody can see it, and it is attached to a
// verified descriptor, never to a path.
#ifndef REDOUBT_INIT_CHILD_MOUNT_API_H_
#define REDOUBT_INIT_CHILD_MOUNT_API_H_

#include <fcntl.h>
#include <linux/mount.h>
#include <stdint.h>

#include "init/child/sys.h"

namespace redoubt::init {

inline constexpr uint64_t kAtimeBits = MOUNT_ATTR__ATIME;

struct MountAttr {  // struct mount_attr, mount_setattr(2)
  uint64_t attr_set, attr_clr, propagation, userns_fd;
};

inline long open_tree(int dir_fd, const char* path, unsigned flags) {
  return sys::call(
      SYS_open_tree, dir_fd, sys::arg(path), static_cast<long>(flags) | OPEN_TREE_CLOEXEC);
}

inline long move_mount(int from_fd, int to_fd) {
  return sys::call(SYS_move_mount,
                   from_fd,
                   sys::arg(""),
                   to_fd,
                   sys::arg(""),
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

// Sets and clears attributes and the propagation of the mount (or tree) at `fd`. No call when there
// is nothing to do.
inline long set_mount_attributes(
    int fd, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive) {
  if ((set | clear | propagation) == 0) {
    return 0;
  }
  if (((set | clear) & (kAtimeBits)) != 0) {
    clear |= kAtimeBits;  // the access time mode is one field: changing it means clearing all of it
  }
  MountAttr attr{set, clear & ~(clear & set & ~kAtimeBits), propagation, 0};
  return sys::call(SYS_mount_setattr,
                   fd,
                   sys::arg(""),
                   AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0),
                   sys::arg(&attr),
                   sizeof attr);
}

inline long fsconfig(int fd, unsigned command, const char* key, const char* value) {
  return sys::call(SYS_fsconfig, fd, command, sys::arg(key), sys::arg(value), 0);
}

}  // namespace redoubt::init

#endif  // REDOUBT_INIT_CHILD_MOUNT_API_H_
