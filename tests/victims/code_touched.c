/* code_touched OUT PROGRAM [ARG...]: runs the program one instruction at a time and writes to OUT every address of its code that was executed, as
 * an offset from where the program begins, one a line in hexadecimal. Its children run on their own. Exits as the program does. For
 * tests/bench/hot_functions. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMaxCode = 64 << 20 };

static unsigned char touched[kMaxCode];

static uint64_t begin_of(pid_t pid) {
  char path[64];
  unsigned long long begin = 0;
  snprintf(path, sizeof path, "/proc/%d/maps", pid);
  FILE *maps = fopen(path, "r");
  if (maps == NULL || fscanf(maps, "%llx-", &begin) != 1) {
    perror(path);
    exit(2);
  }
  fclose(maps);
  return begin;
}

static void write_out(const char *path) {
  FILE *out = fopen(path, "w");
  if (out == NULL) {
    perror(path);
    exit(2);
  }
  for (uint64_t at = 0; at < kMaxCode; ++at) {
    if (touched[at] != 0) {
      fprintf(out, "%llx\n", (unsigned long long)at);
    }
  }
  fclose(out);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    return 2;
  }
  const pid_t pid = fork();
  if (pid == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    execv(argv[2], argv + 2);
    _exit(127);
  }
  int status = 0;
  uint64_t begin = 0;
  while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
    begin = begin != 0 ? begin : begin_of(pid);
    struct user_regs_struct registers;
    ptrace(PTRACE_GETREGS, pid, NULL, &registers);
    const uint64_t at = registers.rip - begin;
    if (at < kMaxCode) {
      touched[at] = 1;
    }
    const int signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
    if (ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *)(intptr_t)signal) != 0 && errno != ESRCH) {
      perror("PTRACE_SINGLESTEP");
      return 2;
    }
  }
  write_out(argv[1]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
