/* forbidden ACT [NUMBER]: makes one system call that a container has no business with, and prints its name and "ok" or the errno. The
 * arguments are such that the kernel, where it lets the call through, answers something else than EPERM, ENOSYS and EAFNOSUPPORT. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct act { const char* name; long nr, a, b; } acts[] = {
    {"bpf", SYS_bpf, -1, 0}, {"perf_event_open", SYS_perf_event_open, 0, -1}, {"io_uring_setup", 425, 0, 0},
    {"userfaultfd", SYS_userfaultfd, -1, 0}, {"keyctl", SYS_keyctl, -1, 0}, {"add_key", SYS_add_key, 0, 0},
    {"request_key", SYS_request_key, 0, 0}, {"init_module", SYS_init_module, 0, 0}, {"finit_module", SYS_finit_module, -1, 0},
    {"delete_module", SYS_delete_module, 0, 0}, {"kexec_load", SYS_kexec_load, 0, 99999}, {"mount", SYS_mount, 0, 0},
    {"umount2", SYS_umount2, 0, 0}, {"open_tree", 428, -1, 0}, {"move_mount", 429, -1, 0}, {"fsopen", 430, 0, 0},
    {"mount_setattr", 442, -1, 0}, {"pivot_root", SYS_pivot_root, 0, 0}, {"setns", SYS_setns, -1, 0},
    {"open_by_handle_at", SYS_open_by_handle_at, -1, 0}, {"clock_settime", SYS_clock_settime, 0, 0},
    {"syslog", SYS_syslog, 99, 0}, {"swapon", SYS_swapon, 0, 0}, {"acct", SYS_acct, 1, 0},
    {"quotactl", SYS_quotactl, -1, 0}, {"fanotify_init", SYS_fanotify_init, -1, 0}, {"iopl", SYS_iopl, 9, 0},
    {"ioperm", SYS_ioperm, -1, -1}, {"clone3", 435, 0, 0}, {"unshare_user", SYS_unshare, CLONE_NEWUSER, 0},
    {"unshare_user_high", SYS_unshare, CLONE_NEWUSER | 1L << 40, 0}, {"tiocsti", SYS_ioctl, -1, TIOCSTI},
    {"tiocsti_high", SYS_ioctl, -1, TIOCSTI | 1L << 40}, {"tioclinux", SYS_ioctl, -1, TIOCLINUX},
    {"ptrace", SYS_ptrace, 99999, 0}, {"process_vm_readv", SYS_process_vm_readv, 0, 0}, {"getppid", SYS_getppid, 0, 0},
};

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    long result = -1;
    errno = EDOM;
    if (strncmp(argv[i], "socket=", 7) == 0) result = syscall(SYS_socket, atol(argv[i] + 7), SOCK_DGRAM, 0);
    for (unsigned j = 0; j < sizeof acts / sizeof *acts; ++j)
      if (strcmp(argv[i], acts[j].name) == 0) result = syscall(acts[j].nr, acts[j].a, acts[j].b, 0, 0, 0);
    printf("%s %s\n", argv[i], result >= 0 ? "ok" : strerrorname_np(errno));
  }
}
