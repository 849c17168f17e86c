/* kill_at_syscall [-a|-b] K CMD...: runs CMD and kills it with SIGKILL when it enters its Kth system call after execve; its children live on.
 * With -a the calls of all its descendants count as well, and all of them are killed. With -b likewise, but only the calls count that change what
 * BPF holds: made, attached, pinned, renamed, removed; the others go on untraced, at full speed.
 * Exit 0: killed there. Exit 3: CMD had ended before; the number of its calls is printed. K = 0 only counts. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_TRACED 64
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define TRACE_IF(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE)

static pid_t traced[MAX_TRACED];

static void remember(pid_t pid) {
  int free_slot = -1;
  for (int i = 0; i < MAX_TRACED; ++i) {
    if (traced[i] == pid) return;
    if (traced[i] == 0 && free_slot < 0) free_slot = i;
  }
  if (free_slot >= 0) traced[free_slot] = pid;
}

static void forget(pid_t pid) {
  for (int i = 0; i < MAX_TRACED; ++i) {
    if (traced[i] == pid) traced[i] = 0;
  }
}

static void kill_all(void) {
  for (int i = 0; i < MAX_TRACED; ++i) {
    if (traced[i]) kill(traced[i], SIGKILL);
  }
  while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR) {
  }
}

static int enters_call(pid_t pid) {
  struct __ptrace_syscall_info info = {0};
  return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

static void stop_at_changes(void) {
  struct sock_filter code[] = {
      LOAD(nr),
#ifdef SYS_rename
      TRACE_IF(SYS_rename),
      TRACE_IF(SYS_unlink),
      TRACE_IF(SYS_rmdir),
#endif
      TRACE_IF(SYS_renameat),
      TRACE_IF(SYS_unlinkat),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      LOAD(args[0]), /* the low half */
      TRACE_IF(BPF_MAP_CREATE),
      TRACE_IF(BPF_MAP_UPDATE_ELEM),
      TRACE_IF(BPF_OBJ_PIN),
      TRACE_IF(BPF_RAW_TRACEPOINT_OPEN),
      TRACE_IF(BPF_LINK_CREATE),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    perror("kill_at_syscall: seccomp");
    _exit(126);
  }
}

static pid_t start(char** command, int changes_only) {
  const pid_t pid = fork();
  if (pid == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    if (changes_only) stop_at_changes();
    execvp(command[0], command);
    _exit(127);
  }
  return pid;
}

int main(int argc, char** argv) {
  const int changes_only = argc > 1 && strcmp(argv[1], "-b") == 0;
  const int all = changes_only || (argc > 1 && strcmp(argv[1], "-a") == 0);
  if (argc < 3 + all) return 2;
  const long wanted = atol(argv[1 + all]);
  const pid_t command = start(argv + 2 + all, changes_only);
  const enum __ptrace_request go = changes_only ? PTRACE_CONT : PTRACE_SYSCALL;
  int status, executed = 0;
  long calls = 0;
  waitpid(command, &status, 0);
  long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  if (all) options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACESECCOMP;
  ptrace(PTRACE_SETOPTIONS, command, 0, options);
  remember(command);
  ptrace(go, command, 0, 0);
  for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
    if (!WIFSTOPPED(status)) {
      forget(pid);
      if (pid == command && !all) break;
      continue;
    }
    const int is_new = pid != command && WSTOPSIG(status) == SIGSTOP;
    if (is_new) remember(pid);
    int deliver = 0, is_call = status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8);
    if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
      is_call = enters_call(pid);
    } else if (status >> 16) {
      executed |= status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8);
    } else if (!is_new && WSTOPSIG(status) != SIGTRAP) {
      deliver = WSTOPSIG(status);
    }
    if (executed && is_call && ++calls == wanted) {
      kill_all();
      return 0;
    }
    ptrace(go, pid, 0, deliver);
  }
  printf("%ld\n", calls);
  return 3;
}
