/* Acts that are one system call: parts of the kernel that an ordinary program never needs. */
#include "escape.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/module.h>
#include <linux/perf_event.h>
#include <linux/quota.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

/* ---- namespaces ---- */

static void unshare_user(void) { succeeds(unshare(CLONE_NEWUSER), "unshare(CLONE_NEWUSER)"); }
static void unshare_net(void) { succeeds(unshare(CLONE_NEWNET), "unshare(CLONE_NEWNET)"); }
static void unshare_mount(void) { succeeds(unshare(CLONE_NEWNS), "unshare(CLONE_NEWNS)"); }

static void born(long child, const char* what) {
  if (child == 0) _exit(0);
  succeeds(child, what);
}

static void clone_user(void) { born(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), "clone(CLONE_NEWUSER)"); }
static void clone_pid(void) { born(syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0), "clone(CLONE_NEWPID)"); }

static void clone3_user(void) {
  struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
  born(syscall(SYS_clone3, &args, sizeof args), "clone3(CLONE_NEWUSER)");
}

static void time_offsets(void) {
  if (unshare(CLONE_NEWTIME) != 0) return blocked("unshare(CLONE_NEWTIME)");
  int fd = open("/proc/self/timens_offsets", O_WRONLY);
  succeeds(fd < 0 ? fd : write(fd, "monotonic 1 0", 13), "/proc/self/timens_offsets");
}

/* ---- the machine ---- */

static void io_privilege(void) { succeeds(syscall(SYS_iopl, 3), "iopl"); }
static void io_ports(void) { succeeds(syscall(SYS_ioperm, 0x80, 1, 1), "ioperm"); }

/* No module: ENOEXEC from who may load one. */
static void load_module(void) {
  static char image[4096];
  passes(syscall(SYS_init_module, image, sizeof image, ""), "init_module");
}

static void load_module_file(void) { passes(syscall(SYS_finit_module, open("/proc/self/exe", O_RDONLY), "", 0), "finit_module"); }
static void remove_module(void) { passes(syscall(SYS_delete_module, "escape_none", O_NONBLOCK), "delete_module"); }

/* Too many segments, no such flags, no such magic: EINVAL from who may. */
static void load_kernel(void) { passes(syscall(SYS_kexec_load, 0, 99999, 0, 0), "kexec_load"); }
static void load_kernel_file(void) { passes(syscall(SYS_kexec_file_load, -1, -1, 0, "", ~0UL), "kexec_file_load"); }
static void reboot_machine(void) { passes(syscall(SYS_reboot, 0, 0, 0, 0), "reboot"); }

/* ---- big interfaces of the kernel ---- */

static void bpf_map(void) {
  union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
  succeeds(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr), "bpf map");
}

static void bpf_program(void) {
  struct bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};
  union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_KPROBE, .insns = (uintptr_t)code, .insn_cnt = 2, .license = (uintptr_t) "GPL"};
  succeeds(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr), "bpf program");
}

static void perf_event(void) {
  struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_CPU_CLOCK};
  succeeds(syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0), "counter of a whole CPU");
}

static void io_uring(void) {
  char parameters[120] = "";
  succeeds(syscall(SYS_io_uring_setup, 1, parameters), "io_uring");
}

static void page_faults(void) { succeeds(syscall(SYS_userfaultfd, O_CLOEXEC), "userfaultfd, faults of the kernel too"); }
static void notify_files(void) { succeeds(syscall(SYS_fanotify_init, FAN_CLASS_PRE_CONTENT, O_RDONLY), "fanotify_init"); }

/* ---- keys ---- */

static const char* key_name(void) {
  static char name[80];
  snprintf(name, sizeof name, "escape:%s", goal.token);
  return name;
}

/* Root of every container that shares the user namespace has the user key ring of the host's root. */
static void read_key(void) {
  char text[64] = "";
  long key = syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_PROCESS_KEYRING, 0, 0);
  if (key >= 0) key = syscall(SYS_request_key, "user", key_name(), 0, 0);
  if (key < 0 || syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof text - 1, 0) < 0) return blocked("request_key and keyctl");
  errno = EKEYREJECTED;
  succeeds(strcmp(text, goal.token) == 0 ? 0 : -1, "read a key of the host");
}

static void plant_key(void) {
  long key = syscall(SYS_add_key, "user", "escape:planted", "x", 1, KEY_SPEC_USER_KEYRING);
  succeeds(key, "put a key on the host's key ring");
  if (key >= 0) syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING, 0, 0);
}

static void list_keys(void) {
  char line[512];
  FILE* file = fopen("/proc/keys", "r");
  if (!file) return blocked("/proc/keys");
  while (fgets(line, sizeof line, file))
    if (strstr(line, key_name())) return reached("saw a key of the host in /proc/keys");
  errno = ENOENT;
  blocked("/proc/keys");
}

/* ---- terminals: 0 is the caller's, 3 a console of the host ---- */

static void type_text(void) { succeeds(ioctl(0, TIOCSTI, "x"), "typed into the caller's terminal"); }

static void console_control(void) {
  struct stat status;
  char subcode = 6; /* TIOCL_GETSHIFTSTATE: changes nothing */
  if (fstat(3, &status) != 0 || !S_ISCHR(status.st_mode) || major(status.st_rdev) != 4) return lacks("a virtual terminal");
  succeeds(ioctl(3, TIOCLINUX, &subcode), "TIOCLINUX on the host's console");
}

/* ---- clocks ---- */

static void set_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  succeeds(syscall(SYS_clock_settime, CLOCK_REALTIME, &now), "clock_settime");
}

static void set_time_zone(void) {
  struct timezone zone = {0, 0};
  syscall(SYS_gettimeofday, 0, &zone);
  succeeds(syscall(SYS_settimeofday, 0, &zone), "settimeofday");
}

static void set_tick(void) {
  struct timex state = {.modes = 0};
  if (adjtimex(&state) < 0) return blocked("adjtimex");
  state.modes = ADJ_TICK;
  succeeds(adjtimex(&state), "adjtimex");
}

/* ---- the host's business ---- */

static void swap_on(void) { passes(syscall(SYS_swapon, "/nonexistent", 0), "swapon"); }
static void swap_off(void) { passes(syscall(SYS_swapoff, "/nonexistent"), "swapoff"); }
static void account(void) { passes(syscall(SYS_acct, "/nonexistent"), "acct"); }

static void kernel_log(void) {
  char text[64];
  succeeds(syscall(SYS_syslog, 3, text, sizeof text), "read the kernel's log");
}

/* Of somebody else, on a disk that the call finds by any node; a disk without quotas answers ESRCH or ENOSYS to who may. */
static void set_quota(void) {
  unsigned major, minor;
  struct if_dqblk limits = {0};
  if (sscanf(goal.root_disk, "%u:%u", &major, &minor) != 2) return lacks("a block device below /");
  if (mknod("/tmp/quota", S_IFBLK | 0600, makedev(major, minor)) != 0) return blocked("mknod for quotactl");
  long result = syscall(SYS_quotactl, QCMD(Q_SETQUOTA, USRQUOTA), "/tmp/quota", 12345, &limits);
  int error = errno;
  unlink("/tmp/quota");
  errno = error;
  if (result < 0 && (errno == ENODEV || errno == ENOTBLK)) return lacks("a file system on the block device");
  passes(result, "quotactl");
}

/* ---- more than one's share ---- */

static void real_time(void) {
  struct sched_param most = {.sched_priority = 99};
  succeeds(sched_setscheduler(0, SCHED_FIFO, &most), "SCHED_FIFO 99");
}

static void nice_value(void) { succeeds(setpriority(PRIO_PROCESS, 0, -20), "nice -20"); }
static void io_class(void) { succeeds(syscall(SYS_ioprio_set, 1, 0, 1 << 13), "ioprio real time"); }

static void lock_memory(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_MEMLOCK, &limit);
  size_t size = limit.rlim_cur + 65536;
  if (limit.rlim_cur > 1 << 24) return lacks("a small RLIMIT_MEMLOCK");
  void* memory = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  succeeds(mlock(memory, size), "locked more memory than RLIMIT_MEMLOCK");
}

static void more_files(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_max += 1;
  succeeds(setrlimit(RLIMIT_NOFILE, &limit), "raised RLIMIT_NOFILE");
}

const struct act call_acts[] = {
    {6, "unshare-user", unshare_user},
    {6, "clone-user", clone_user},
    {6, "unshare-net", unshare_net},
    {6, "unshare-mount", unshare_mount},
    {6, "clone-pid", clone_pid},
    {7, "clone3-user", clone3_user},
    {14, "iopl", io_privilege},
    {14, "ioperm", io_ports},
    {15, "init-module", load_module},
    {15, "finit-module", load_module_file},
    {15, "delete-module", remove_module},
    {16, "kexec-load", load_kernel},
    {16, "kexec-file-load", load_kernel_file},
    {16, "reboot", reboot_machine},
    {17, "bpf-map", bpf_map},
    {17, "bpf-program", bpf_program},
    {18, "perf-event", perf_event},
    {19, "io-uring", io_uring},
    {20, "userfaultfd", page_faults},
    {21, "read-key", read_key},
    {21, "plant-key", plant_key},
    {21, "list-keys", list_keys},
    {22, "tiocsti", type_text},
    {22, "tioclinux", console_control},
    {38, "clock-settime", set_clock},
    {38, "settimeofday", set_time_zone},
    {38, "adjtimex", set_tick},
    {38, "time-offsets", time_offsets},
    {39, "swapon", swap_on},
    {39, "swapoff", swap_off},
    {39, "acct", account},
    {39, "syslog", kernel_log},
    {39, "quotactl", set_quota},
    {43, "sched-fifo", real_time},
    {43, "nice", nice_value},
    {43, "ioprio", io_class},
    {43, "mlock", lock_memory},
    {48, "nofile", more_files},
    {57, "fanotify", notify_files},
    {0, 0, 0},
};
