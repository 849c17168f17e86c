/* tryout NAME [ARG]: makes one system call and prints its result as `NAME ok` or `NAME errno-name`. One act a run. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static long act(const char* name, const char* arg) {
  if (!strcmp(name, "unshare-user")) return unshare(CLONE_NEWUSER);
  if (!strcmp(name, "mount")) return syscall(SYS_mount, "t", arg ? arg : "/mnt", "tmpfs", 0, 0);
  if (!strcmp(name, "bpf")) return syscall(SYS_bpf, 0, 0, 0);
  if (!strcmp(name, "keyctl")) return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
  if (!strcmp(name, "add-key")) return syscall(SYS_add_key, "user", "redoubt:test", "x", 1, KEY_SPEC_SESSION_KEYRING);
  if (!strcmp(name, "io-uring")) return syscall(SYS_io_uring_setup, 1, 0);
  if (!strcmp(name, "userfaultfd")) return syscall(SYS_userfaultfd, 0);
  if (!strcmp(name, "perf")) return syscall(SYS_perf_event_open, 0, 0, -1, -1, 0);
  if (!strcmp(name, "kexec")) return syscall(SYS_kexec_load, 0, 0, 0, 0);
  if (!strcmp(name, "open-by-handle")) return syscall(SYS_open_by_handle_at, -1, 0, 0);
  if (!strcmp(name, "getppid")) return syscall(SYS_getppid);
  if (!strcmp(name, "unknown-syscall")) return syscall(4000);
  if (!strcmp(name, "new-syscall")) return syscall(451, -1, 0, 0, 0);
  if (!strcmp(name, "tiocsti")) return ioctl(0, TIOCSTI, arg ? arg : "x");
  if (!strcmp(name, "steal-terminal")) return ioctl(0, TIOCSCTTY, 1);
  if (!strcmp(name, "socket")) return socket(atoi(arg), SOCK_DGRAM, 0);
  if (!strcmp(name, "ptrace")) return ptrace(PTRACE_ATTACH, atoi(arg), 0, 0);
  if (!strcmp(name, "personality")) return personality(0xffffffff);
  if (!strcmp(name, "policy")) {
    int mode = -1;
    unsigned long nodes[16] = {0};
    if (syscall(SYS_get_mempolicy, &mode, nodes, 1024, 0, 0) != 0) return -1;
    printf("mode %d nodes %lx\n", mode, nodes[0]);
    return 0;
  }
  if (!strcmp(name, "io-priority")) return syscall(SYS_ioprio_get, 1, 0);
  if (!strcmp(name, "memfd-exec")) {
    int fd = memfd_create("x", 0), self = open("/proc/self/exe", O_RDONLY);
    char buffer[65536];
    for (ssize_t n; (n = read(self, buffer, sizeof buffer)) > 0;) if (write(fd, buffer, (size_t)n) != n) return -1;
    char* argv[] = {"tryout", "getppid", 0};
    return syscall(SYS_execveat, fd, "", argv, 0, AT_EMPTY_PATH);
  }
  fprintf(stderr, "unknown act %s\n", name);
  exit(2);
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  long result = act(argv[1], argc > 2 ? argv[2] : 0);
  if (result < 0) printf("%s %s\n", argv[1], strerrorname_np(errno));
  else printf("%s ok %ld\n", argv[1], result);
  return result < 0;
}
