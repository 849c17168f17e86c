/* Acts that mount, unmount or change the root. They come last: one of them takes a mount of the container away. */
#include "escape.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A hierarchy without controllers: nothing on the host changes by it. */
static void release_agent(void) {
  char options[64];
  snprintf(options, sizeof options, "none,name=escape%.8s", goal.token);
  mkdir("/tmp/v1", 0700);
  if (mount("escape", "/tmp/v1", "cgroup", 0, options) != 0) return blocked("mount of a version 1 cgroup");
  int fd = open("/tmp/v1/release_agent", O_WRONLY);
  succeeds(fd < 0 ? fd : write(fd, "/bin/false", 10), "wrote release_agent");
  close(fd);
  umount2("/tmp/v1", MNT_DETACH);
}

/* With the options that the host has: they are those of the whole hierarchy. */
static void cgroup2(void) {
  mkdir("/tmp/v2", 0700);
  if (mount("escape", "/tmp/v2", "cgroup2", 0, goal.cgroup_options) != 0) return blocked("mount of cgroup2");
  succeeds(open("/tmp/v2/cgroup.procs", O_WRONLY | O_CLOEXEC), "opened cgroup.procs of a cgroup2 of our own");
  umount2("/tmp/v2", MNT_DETACH);
}

static void mount_tmpfs(void) { succeeds(mount_something(), "mounted a tmpfs"); }
static void open_a_file_system(void) { succeeds(syscall(SYS_fsopen, "tmpfs", 0), "fsopen"); }
static void clone_a_tree(void) { succeeds(syscall(SYS_open_tree, AT_FDCWD, "/tmp", OPEN_TREE_CLONE), "open_tree"); }

static void move_a_mount(void) {
  long tree = syscall(SYS_open_tree, AT_FDCWD, "/tmp", OPEN_TREE_CLONE);
  if (tree < 0) return passes(syscall(SYS_move_mount, -1, "", -1, "", 0), "move_mount");
  succeeds(syscall(SYS_move_mount, tree, "", AT_FDCWD, "/mnt", MOVE_MOUNT_F_EMPTY_PATH), "move_mount");
  umount2("/mnt", MNT_DETACH);
}

static void change_a_mount(void) {
  struct mount_attr change = {.attr_set = MOUNT_ATTR_NOEXEC};
  succeeds(syscall(SYS_mount_setattr, AT_FDCWD, "/dev/mqueue", 0, &change, sizeof change), "mount_setattr");
}

static void remount(void) { succeeds(mount(0, "/proc", 0, MS_REMOUNT | MS_BIND | MS_NOATIME, 0), "remounted /proc"); }

/* With a mount namespace of our own where one can be had; without it the arguments are wrong and nothing moves. */
static void change_root(void) {
  if (unshare(CLONE_NEWNS) != 0) return passes(syscall(SYS_pivot_root, "/dev/null", "/dev/null"), "pivot_root");
  mount(0, "/", 0, MS_REC | MS_PRIVATE, 0);
  if (mount("escape", "/mnt", "tmpfs", 0, 0) != 0 || mkdir("/mnt/old", 0700) != 0) {
    return passes(syscall(SYS_pivot_root, "/dev/null", "/dev/null"), "pivot_root");
  }
  succeeds(syscall(SYS_pivot_root, "/mnt", "/mnt/old"), "pivot_root");
}

static void unmount(void) { succeeds(umount2("/dev/mqueue", MNT_DETACH), "unmounted /dev/mqueue"); }

const struct act mount_acts[] = {
    {3, "release-agent", release_agent},
    {3, "cgroup2", cgroup2},
    {8, "mount", mount_tmpfs},
    {8, "fsopen", open_a_file_system},
    {8, "open-tree", clone_a_tree},
    {8, "move-mount", move_a_mount},
    {8, "mount-setattr", change_a_mount},
    {9, "remount", remount},
    {10, "pivot-root", change_root},
    {9, "unmount", unmount},
    {0, 0, 0},
};
