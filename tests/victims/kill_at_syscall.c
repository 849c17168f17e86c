/* kill_at_syscall K CMD...: runs CMD and kills it with SIGKILL when it enters its Kth system call after execve; its children live on.
 * Exit 0: killed there. Exit 3: CMD had ended before; the number of its calls is printed. K = 0 only counts. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static void run_command(char** argv) {
  ptrace(PTRACE_TRACEME, 0, 0, 0);
  raise(SIGSTOP);
  execvp(argv[0], argv);
  _exit(127);
}

/* Lets the command go on to the next stop. Returns the signal to deliver, or -1 when it has ended. */
static int next_stop(pid_t pid, int deliver, int* status) {
  if (ptrace(PTRACE_SYSCALL, pid, 0, deliver) != 0 || waitpid(pid, status, 0) != pid) return -1;
  return WIFSTOPPED(*status) ? WSTOPSIG(*status) : -1;
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  long wanted = atol(argv[1]), calls = 0;
  pid_t pid = fork();
  if (pid == 0) run_command(argv + 2);
  int status, entering = 1, executed = 0, stop = 0;
  waitpid(pid, &status, 0);
  ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
  for (;;) {
    int deliver = stop == (SIGTRAP | 0x80) || stop == SIGTRAP ? 0 : stop;
    stop = next_stop(pid, deliver, &status);
    if (stop < 0) break;
    if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) executed = 1;
    if (stop != (SIGTRAP | 0x80)) continue;
    if (executed && entering && ++calls == wanted) {
      kill(pid, SIGKILL);
      waitpid(pid, &status, 0);
      return 0;
    }
    entering = !entering;
  }
  printf("%ld\n", calls);
  return 3;
}
