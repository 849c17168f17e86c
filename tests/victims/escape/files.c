/* Acts on files of the kernel and on devices. */
#include "escape.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static void core_pattern(void) { rewrites("/proc/sys/kernel/core_pattern"); }
static void modprobe_path(void) { rewrites("/proc/sys/kernel/modprobe"); }
static void sys_kernel(void) { rewrites("/sys/kernel/rcu_expedited"); }
static void sys_module(void) { rewrites("/sys/module/printk/parameters/time"); }
static void sysctl_vm(void) { rewrites("/proc/sys/vm/overcommit_memory"); }
static void sysctl_kernel(void) { rewrites("/proc/sys/kernel/panic"); }

/* "h" only prints a list of keys to the kernel's log. */
static void sysrq(void) {
  int fd = open("/proc/sysrq-trigger", O_WRONLY);
  succeeds(fd < 0 ? fd : write(fd, "h", 1), "wrote h to /proc/sysrq-trigger");
}

/* No such state: EINVAL from who may set one. */
static void power_state(void) {
  int fd = open("/sys/power/state", O_WRONLY);
  if (fd < 0) return blocked("/sys/power/state");
  passes(write(fd, "escape", 6), "/sys/power/state");
}

static void sysctl_net(void) {
  char netns[64] = "";
  if (readlink("/proc/self/ns/net", netns, sizeof netns - 1) < 0) return blocked("/proc/self/ns/net");
  errno = EXDEV;
  if (strcmp(netns, goal.netns) != 0) return blocked("the network namespace is not the host's");
  rewrites("/proc/sys/net/ipv4/ip_forward");
}

/* ---- cgroups ---- */

static int move_to(const char* prefix) {
  char path[512];
  snprintf(path, sizeof path, "%s%s/cgroup.procs", prefix, goal.cgroup);
  int fd = open(path, O_WRONLY);
  return fd < 0 ? -1 : (int)write(fd, "0", 1);
}

static void host_cgroup(void) {
  if (move_to("/sys/fs/cgroup") > 0 || move_to("/sys/fs/cgroup/unified") > 0) reached("moved to a cgroup of the host");
  else blocked("cgroup.procs of a cgroup of the host");
}

static void host_cgroup_by_proc(void) {
  char prefix[256];
  snprintf(prefix, sizeof prefix, "/proc/%d/root%s", (int)goal.pid, goal.cgroup_root);
  succeeds(move_to(prefix), "moved to a cgroup of the host through /proc/PID/root");
}

static void own_limits(void) {
  static const char* const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
  char line[256] = "", own[256] = "", path[600];
  FILE* file = fopen("/proc/self/cgroup", "r");
  while (file && fgets(line, sizeof line, file))
    if (strncmp(line, "0::", 3) == 0) snprintf(own, sizeof own, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
  for (int i = 0; i < 4; ++i) {
    snprintf(path, sizeof path, "%s%s/cgroup.max.depth", roots[i % 2], i < 2 ? own : "");
    if (access(path, F_OK) == 0) return rewrites(path);
  }
  blocked("cgroup.max.depth of our own cgroup");
}

/* ---- devices ---- */

/* Where the machine has no such device, the kernel says so only when the device filter has let us through. */
static void device(const char* name, mode_t type, unsigned major, unsigned minor, int flags) {
  char text[64];
  int fd = open_device(name, type, major, minor, flags);
  if (fd >= 0 || (errno != ENXIO && errno != ENODEV)) return succeeds(fd, name);
  snprintf(text, sizeof text, "%s: the kernel answered %s", name, strerrorname_np(errno));
  reached(text);
}

static void mknod_disk(void) {
  unsigned major, minor;
  if (sscanf(goal.disk, "%u:%u", &major, &minor) != 2) return lacks("a block device");
  succeeds(open_device("escape-disk", S_IFBLK, major, minor, O_RDONLY), "opened a disk of the host");
}

static void dev_mem(void) { device("mem", S_IFCHR, 1, 1, O_RDONLY); }
static void dev_port(void) { device("port", S_IFCHR, 1, 4, O_RDONLY); }
static void dev_kmsg(void) { device("kmsg", S_IFCHR, 1, 11, O_RDONLY); }
static void dev_msr(void) { device("cpu/0/msr", S_IFCHR, 202, 0, O_RDONLY); }
static void dev_kvm(void) { device("kvm", S_IFCHR, 10, 232, O_RDWR); }

/* Its number is given out at boot, and sysfs says which one. */
static void dev_userfaultfd(void) {
  unsigned major, minor;
  FILE* file = fopen("/sys/class/misc/userfaultfd/dev", "r");
  if (!file || fscanf(file, "%u:%u", &major, &minor) != 2) return blocked("/sys/class/misc/userfaultfd");
  int fd = open_device("userfaultfd", S_IFCHR, major, minor, O_RDWR);
  succeeds(fd < 0 ? fd : ioctl(fd, _IO(0xAA, 0), O_CLOEXEC), "/dev/userfaultfd");
}

static void kcore(void) {
  char magic[4] = "";
  int fd = open("/proc/kcore", O_RDONLY);
  if (fd < 0) return blocked("/proc/kcore");
  ssize_t size = read(fd, magic, sizeof magic);
  if (size >= 0) errno = ENODATA;
  succeeds(size == sizeof magic ? 0 : -1, "read /proc/kcore");
}

/* ---- file systems for the host's administrator ---- */

static void opens(const char* path, int flags) { succeeds(open(path, flags), path); }
static void tracefs(void) { opens("/sys/kernel/tracing/tracing_on", O_RDWR); }
static void securityfs(void) { opens("/sys/kernel/security/lsm", O_RDONLY); }

/* Any entry, or the right to make one. */
static void bpffs(void) { succeeds(mkdir("/sys/fs/bpf/escape", 0700) == 0 ? rmdir("/sys/fs/bpf/escape") : -1, "made a directory in /sys/fs/bpf"); }

static void debugfs(void) {
  DIR* directory = opendir("/sys/kernel/debug");
  if (!directory) return blocked("/sys/kernel/debug");
  int entries = 0;
  while (readdir(directory)) ++entries;
  if (entries > 2) return reached("listed /sys/kernel/debug");
  errno = ENOENT;
  blocked("/sys/kernel/debug is empty");
}

/* No format: EINVAL from who may register one. Where it is not mounted, it is mounted first. */
static void binfmt(void) {
  int fd = open("/proc/sys/fs/binfmt_misc/register", O_WRONLY);
  if (fd < 0 && mount("escape", "/mnt", "binfmt_misc", 0, 0) == 0) {
    fd = open("/mnt/register", O_WRONLY);
    umount2("/mnt", MNT_DETACH);
  }
  if (fd < 0) return blocked("register of binfmt_misc");
  passes(write(fd, "escape", 6), "register of binfmt_misc");
}

/* ---- files of the host ---- */

static void chroot_dots(void) {
  int root = open("/", O_RDONLY | O_DIRECTORY);
  mkdir("/tmp/jail", 0700);
  if (chroot("/tmp/jail") != 0 || fchdir(root) != 0) return blocked("chroot");
  for (int i = 0; i < 64; ++i)
    if (chdir("..") != 0) break;
  if (chroot(".") != 0) return blocked("chroot");
  shows_token(open(goal.marker, O_RDONLY), "chroot and ..");
}

static void file_handle(void) {
  union {
    struct file_handle head;
    char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  } handle = {.head.handle_bytes = 0};
  int used = 0;
  if (sscanf(goal.handle, "%d:%n", &handle.head.handle_type, &used) != 1 || used == 0) return lacks("a file system with file handles");
  unsigned byte;
  for (const char* at = goal.handle + used; handle.head.handle_bytes < MAX_HANDLE_SZ && sscanf(at, "%2x", &byte) == 1; at += 2)
    handle.head.f_handle[handle.head.handle_bytes++] = (unsigned char)byte;
  int mount = open("/", O_RDONLY | O_DIRECTORY);
  shows_token((int)syscall(SYS_open_by_handle_at, mount, &handle.head, O_RDONLY), "a file of the host by its handle");
}

static void engine_socket(void) {
  static const char* const paths[] = {"/run/docker.sock", "/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock",
                                      "/run/crio/crio.sock"};
  for (unsigned i = 0; i < sizeof paths / sizeof *paths; ++i) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", paths[i]);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (void*)&address, sizeof address) == 0) return shows_token(fd, paths[i]);
  }
  blocked("no socket of an engine");
}

const struct act file_acts[] = {
    {1, "core-pattern", core_pattern},
    {1, "modprobe-path", modprobe_path},
    {2, "sysrq", sysrq},
    {4, "host-cgroup", host_cgroup},
    {4, "host-cgroup-by-proc", host_cgroup_by_proc},
    {5, "own-limits", own_limits},
    {10, "chroot-dots", chroot_dots},
    {11, "file-handle", file_handle},
    {12, "mknod-disk", mknod_disk},
    {13, "dev-mem", dev_mem},
    {13, "dev-port", dev_port},
    {13, "kcore", kcore},
    {14, "dev-msr", dev_msr},
    {20, "dev-userfaultfd", dev_userfaultfd},
    {37, "engine-socket", engine_socket},
    {39, "dev-kmsg", dev_kmsg},
    {40, "debugfs", debugfs},
    {40, "tracefs", tracefs},
    {40, "securityfs", securityfs},
    {40, "bpffs", bpffs},
    {40, "binfmt", binfmt},
    {41, "sys-kernel", sys_kernel},
    {41, "sys-module", sys_module},
    {41, "power-state", power_state},
    {42, "sysctl-kernel", sysctl_kernel},
    {42, "sysctl-net", sysctl_net},
    {42, "sysctl-vm", sysctl_vm},
    {66, "dev-kvm", dev_kvm},
    {0, 0, 0},
};
