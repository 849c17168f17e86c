/* Acts against processes of the host, their namespaces and what they share, and for privilege by execve. */
#include "escape.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static void trace(void) { succeeds(ptrace(PTRACE_SEIZE, goal.pid, 0, 0), "traced a process of the host"); }

static void read_memory(void) {
  char text[64] = "";
  struct iovec here = {text, strlen(goal.token)}, there = {(void*)goal.secret, strlen(goal.token)};
  if (process_vm_readv(goal.pid, &here, 1, &there, 1, 0) < 0) return blocked("process_vm_readv");
  errno = ESRCH;
  succeeds(strcmp(text, goal.token) == 0 ? 0 : -1, "read the memory of a process of the host");
}

/* Writes what is there. */
static void write_memory(void) {
  struct iovec here = {(void*)goal.token, strlen(goal.token)}, there = {(void*)goal.secret, strlen(goal.token)};
  succeeds(process_vm_writev(goal.pid, &here, 1, &there, 1, 0), "wrote the memory of a process of the host");
}

static void steal_descriptor(void) {
  int pidfd = (int)syscall(SYS_pidfd_open, goal.pid, 0);
  succeeds(pidfd < 0 ? pidfd : syscall(SYS_pidfd_getfd, pidfd, 0, 0), "took a descriptor of a process of the host");
}

static int open_of(const char* format, const char* rest) {
  char path[512];
  snprintf(path, sizeof path, format, (int)goal.pid, rest);
  return open(path, O_RDONLY);
}

static void proc_root(void) { shows_token(open_of("/proc/%d/root%s", goal.marker), "/proc/PID/root"); }
static void proc_cwd(void) { shows_token(open_of("/proc/%d/cwd/%s", strrchr(goal.marker, '/') + 1), "/proc/PID/cwd"); }

/* One of them is the marker. */
static void proc_fd(void) {
  char number[16], text[64] = "";
  for (int fd = 3; fd < 16; ++fd) {
    snprintf(number, sizeof number, "%d", fd);
    int copy = open_of("/proc/%d/fd/%s", number);
    if (copy < 0) continue;
    if (read(copy, text, sizeof text - 1) > 0 && strncmp(text, goal.token, strlen(goal.token)) == 0) return reached("/proc/PID/fd");
    close(copy);
  }
  shows_token(open_of("/proc/%d/fd/%s", "3"), "/proc/PID/fd");
}

static void join(int fd) {
  if (fd < 0 || setns(fd, CLONE_NEWNS) != 0) return blocked("setns");
  shows_token(open(goal.marker, O_RDONLY), "joined the host's mount namespace");
}

/* Descriptor 4 is a namespace of the host, as if the engine had leaked it. */
static void leaked_namespace(void) {
  if (fcntl(4, F_GETFD) < 0) return lacks("a leaked descriptor");
  join(4);
}

static void proc_namespace(void) { join(open_of("/proc/%d/ns/%s", "mnt")); }

/* ---- what namespaces of their own divide ---- */

static void shared_memory(void) {
  int segment = shmget((key_t)strtol(goal.token, 0, 16), 0, 0);
  char* memory = segment < 0 ? (char*)-1 : shmat(segment, 0, SHM_RDONLY);
  if (memory == (char*)-1) return blocked("shmget");
  errno = ENOENT;
  succeeds(strncmp(memory, goal.token, strlen(goal.token)) == 0 ? 0 : -1, "read a System V segment of the host");
}

static void message_queue(void) {
  char name[80];
  snprintf(name, sizeof name, "/escape-%s", goal.token);
  succeeds(mq_open(name, O_RDWR), "opened a message queue of the host");
}

static void kill_process(void) { succeeds(kill(goal.pid, SIGUSR1), "signalled a process of the host"); }

static void kill_by_pidfd(void) {
  int pidfd = (int)syscall(SYS_pidfd_open, goal.pid, 0);
  succeeds(pidfd < 0 ? pidfd : syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, 0, 0), "signalled a process of the host by pidfd");
}

/* ---- privilege ---- */

static void weaker_label(void) {
  if (!goal.label[0]) return lacks("SELinux");
  int fd = open("/proc/self/attr/current", O_WRONLY);
  succeeds(fd < 0 ? fd : write(fd, goal.label, strlen(goal.label)), "changed the SELinux label");
}

static int copy_of_us(const char* path) {
  struct stat status;
  int from = open("/proc/self/exe", O_RDONLY), to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
  if (from < 0 || to < 0 || fstat(from, &status) != 0) return -1;
  ssize_t size = sendfile(to, from, 0, (size_t)status.st_size);
  close(from);
  close(to);
  return size == status.st_size ? 0 : -1;
}

/* The program mounts something, which needs a capability that the container was not given. */
static void gains(const char* program, uid_t user, const char* what) {
  pid_t child = fork();
  if (child == 0) {
    if (user != 0 && (setgroups(0, 0) != 0 || setgid(user) != 0 || setuid(user) != 0)) _exit(errno);
    execl(program, "escape", "gain", (char*)0);
    _exit(errno);
  }
  int status = 0;
  waitpid(child, &status, 0);
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
  succeeds(errno == 0 ? 0 : -1, what);
}

static void setuid_program(void) {
  if (copy_of_us("/tmp/setuid") != 0 || chmod("/tmp/setuid", 04755) != 0) return blocked("/tmp/setuid");
  gains("/tmp/setuid", 1000, "a set-user-ID program that mounts");
}

static void file_capability(void) {
  struct vfs_cap_data data = {.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE};
  data.data[0].permitted = 1u << CAP_SYS_ADMIN;
  if (copy_of_us("/tmp/filecap") != 0 || setxattr("/tmp/filecap", "security.capability", &data, XATTR_CAPS_SZ_2, 0) != 0) return blocked("/tmp/filecap");
  gains("/tmp/filecap", 1000, "a program with file capabilities that mounts");
}

static int take_capability(void) {
  struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &head, data) != 0) return -1;
  data[0].effective |= 1u << CAP_SYS_ADMIN;
  data[0].permitted |= 1u << CAP_SYS_ADMIN;
  data[0].inheritable |= 1u << CAP_SYS_ADMIN;
  return (int)syscall(SYS_capset, &head, data);
}

static void capset_more(void) { succeeds(take_capability() == 0 ? mount_something() : -1, "capset of CAP_SYS_ADMIN, and mounted"); }

static void ambient_more(void) {
  if (take_capability() != 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0) != 0) return blocked("ambient CAP_SYS_ADMIN");
  gains("/proc/self/exe", 0, "ambient CAP_SYS_ADMIN, and mounted");
}

const struct act process_acts[] = {
    {23, "ptrace", trace},
    {23, "read-memory", read_memory},
    {23, "write-memory", write_memory},
    {23, "pidfd-getfd", steal_descriptor},
    {25, "proc-root", proc_root},
    {25, "proc-cwd", proc_cwd},
    {25, "proc-fd", proc_fd},
    {26, "leaked-namespace", leaked_namespace},
    {26, "proc-namespace", proc_namespace},
    {31, "weaker-label", weaker_label},
    {32, "setuid-program", setuid_program},
    {32, "file-capability", file_capability},
    {33, "capset", capset_more},
    {33, "ambient", ambient_more},
    {49, "shared-memory", shared_memory},
    {49, "message-queue", message_queue},
    {50, "kill", kill_process},
    {50, "pidfd-send-signal", kill_by_pidfd},
    {0, 0, 0},
};
