/* surface ACT...: tries each act once, as harmlessly as it can be tried, and prints "ACT ERRNO" (0: it went through). As root without confinement no
 * act ends with EPERM, so EPERM is the answer of whoever judges. "surface first ACT" does it before anything else and exits with the errno;
 * "surface flood N" asks N times for an address family; "surface await ACT..." sleeps and tries the acts at each SIGUSR1. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int result(long value) { return value < 0 ? errno : 0; }

static int open_result(const char* path, int flags) {
  const int fd = open(path, flags | O_CLOEXEC);
  const int err = result(fd);
  if (fd >= 0) {
    close(fd);
  }
  return err;
}

static int make_map(void) {
  union bpf_attr attr = {0};
  attr.map_type = BPF_MAP_TYPE_ARRAY;
  attr.key_size = 4;
  attr.value_size = 4;
  attr.max_entries = 1;
  return result(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr));
}

/* The time zone that is set already. */
static int set_zone(void) {
  struct timezone zone = {0};
  return result(syscall(SYS_settimeofday, NULL, &zone));
}

static int run_child(int (*act)(void)) {
  const pid_t child = fork();
  if (child == 0) {
    _exit(act());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int exec_memfd(void) {
  const int memory = memfd_create("program", 0);
  const int self = open("/proc/self/exe", O_RDONLY);
  char buffer[65536];
  for (ssize_t n; (n = read(self, buffer, sizeof buffer)) > 0;) {
    if (write(memory, buffer, (size_t)n) != n) {
      return 254;
    }
  }
  char* arguments[] = {"surface", "nothing", NULL};
  execveat(memory, "", arguments, (char*[]){NULL}, AT_EMPTY_PATH);
  return errno;
}
static int fileless(void) { return run_child(exec_memfd); }

static int core_pattern(void) { return open_result("/proc/sys/kernel/core_pattern", O_WRONLY); }
static int core_pattern_read(void) { return open_result("/proc/sys/kernel/core_pattern", O_RDONLY); }
static int sysrq(void) { return open_result("/proc/sysrq-trigger", O_WRONLY); }
static int security_files(void) { return open_result("/sys/kernel/security/lsm", O_RDONLY); }
static int bpf_files(void) { return open_result("/sys/fs/bpf", O_RDONLY | O_DIRECTORY); }

static int io_uring(void) {
  char parameters[120] = {0};
  return result(syscall(425, 1, parameters));
}
static int page_faults(void) { return result(syscall(SYS_userfaultfd, 0)); }
static int load_kernel(void) { return result(syscall(SYS_kexec_load, 0UL, 0UL, NULL, 0UL)); }
static int make_key(void) { return result(syscall(SYS_add_key, "user", "redoubt-surface", "x", 1UL, -3)); }
static int load_module(void) {
  static char image[4096];
  return result(syscall(SYS_init_module, image, sizeof image, ""));
}
static int mount_child(void) {
  if (unshare(CLONE_NEWNS) != 0) {
    return 254;
  }
  return result(mount("none", "/tmp", "tmpfs", 0, NULL));
}
static int mount_tmpfs(void) { return run_child(mount_child); }
static int mount_new_child(void) {
  if (unshare(CLONE_NEWNS) != 0) {
    return 254;
  }
  const int context = (int)syscall(SYS_fsopen, "tmpfs", 0);
  syscall(SYS_fsconfig, context, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0);
  const int tree = (int)syscall(SYS_fsmount, context, 0, 0);
  return result(syscall(SYS_move_mount, tree, "", AT_FDCWD, "/tmp", 4 /* MOVE_MOUNT_F_EMPTY_PATH */));
}
static int mount_new(void) { return run_child(mount_new_child); }
static int counters(void) {
  struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_CPU_CLOCK};
  return result(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}
static int ports(void) { return result(syscall(SYS_ioperm, 0x80UL, 1UL, 1)); }
static int kernel_log(void) { return result(syscall(SYS_syslog, 10 /* SYSLOG_ACTION_SIZE_BUFFER */, NULL, 0)); }
static int type_text(void) { return result(ioctl(open("/dev/null", O_RDWR), TIOCSTI, "x")); }
static int user_namespace_child(void) { return result(unshare(CLONE_NEWUSER)); }
static int user_namespace(void) { return run_child(user_namespace_child); }
static int alg(void) { return result(socket(AF_ALG, SOCK_SEQPACKET, 0)); }
static int inet(void) { return result(socket(AF_INET, SOCK_STREAM, 0)); }

static int trace(pid_t pid) {
  const int err = result(ptrace(PTRACE_SEIZE, pid, 0, 0));
  if (err == 0) {
    ptrace(PTRACE_DETACH, pid, 0, 0);
  }
  return err;
}
static int trace_child(void) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  const int err = trace(child);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  return err;
}
static int trace_parent(void) { return trace(getppid()); }
static int quota(void) { return result(syscall(SYS_quotactl, 0x80000100 /* Q_SYNC, user */, "/dev/vda", 0, NULL)); }

static void* nothing(void* unused) { return unused; }
/* Each try begins with clone3(2), which profiles refuse. */
static int threads(void) {
  for (int i = 0; i < 100; ++i) {
    pthread_t thread;
    const int err = pthread_create(&thread, NULL, nothing, NULL);
    if (err != 0) {
      return err;
    }
    pthread_join(thread, NULL);
  }
  return 0;
}
static int future_call(void) { return result(syscall(2000)); }
/* A filter of the program's own, which has each getppid(2) logged. */
static int own_filter(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  const int err = result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) ? -1 : 0);
  getppid();
  return err;
}

static const struct {
  const char* name;
  int (*act)(void);
} kActs[] = {
    {"bpf", make_map},
    {"clock", set_zone},
    {"core-pattern", core_pattern},
    {"core-pattern-read", core_pattern_read},
    {"fileless", fileless},
    {"future-call", future_call},
    {"host-bpffs", bpf_files},
    {"host-security", security_files},
    {"inet", inet},
    {"io-uring", io_uring},
    {"kexec", load_kernel},
    {"keys", make_key},
    {"module", load_module},
    {"mount", mount_tmpfs},
    {"mount-new", mount_new},
    {"own-filter", own_filter},
    {"perf", counters},
    {"ports", ports},
    {"quota", quota},
    {"socket-alg", alg},
    {"syslog", kernel_log},
    {"sysrq", sysrq},
    {"threads", threads},
    {"tiocsti", type_text},
    {"trace-child", trace_child},
    {"trace-parent", trace_parent},
    {"user-namespace", user_namespace},
    {"userfaultfd", page_faults},
};

/* -1: there is no such act. */
static int try_act(const char* name) {
  for (size_t act = 0; act < sizeof kActs / sizeof *kActs; ++act) {
    if (strcmp(name, kActs[act].name) == 0) {
      return kActs[act].act();
    }
  }
  return -1;
}

static void try_all(char** names) {
  for (; *names; ++names) {
    const int err = try_act(*names);
    if (err >= 0) {
      printf("%s %d\n", *names, err);
      fflush(stdout);
    }
  }
}

static void await_signals(char** names) {
  sigset_t wanted;
  int signal;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGUSR1);
  sigprocmask(SIG_BLOCK, &wanted, NULL);
  while (sigwait(&wanted, &signal) == 0) {
    try_all(names);
    printf("done\n");
    fflush(stdout);
  }
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "await") == 0) {
    await_signals(argv + 2);
  }
  if (argc == 3 && strcmp(argv[1], "first") == 0) {
    return try_act(argv[2]);
  }
  if (argc == 3 && strcmp(argv[1], "flood") == 0) {
    for (int i = atoi(argv[2]); i > 0; --i) {
      (void)alg();
    }
    return 0;
  }
  try_all(argv + 1);
  return 0;
}
