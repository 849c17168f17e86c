/* staged DENIED AUDITED FAMILIES COMMAND...: runs the command with this policy in its task storage and no other confinement, as redoubt marks its own
 * init: through the pidfd of a process that waits, before its execve. Names of surfaces, separated by commas, or "-"; FAMILIES is a number. So a test
 * sees what the BPF LSM programs do alone. "staged -N ..." does it N times and prints how often the command ended with EPERM. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../bpf/abi.h"

#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(number) #number

static const char* const kSurfaces[] = {
#define X(name, path) path,
    REDOUBT_SURFACES(X)
#undef X
};

static redoubt_u64 bits(const char* list) {
  redoubt_u64 result = 0;
  char* copy = strdup(list);
  for (char* name = strtok(copy, ","); name; name = strtok(NULL, ",")) {
    for (int i = 0; i < REDOUBT_SURFACE_COUNT; ++i) {
      result |= strcmp(kSurfaces[i], name) == 0 || strcmp(name, "all") == 0 ? 1ULL << i : 0;
    }
  }
  free(copy);
  return result;
}

static int open_tasks(void) {
  union bpf_attr attr = {0};
  attr.pathname = (unsigned long)"/sys/fs/bpf/redoubt/v" TEXT(REDOUBT_BPF_ABI) "/maps/tasks";
  return (int)syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof attr);
}

static int mark(int tasks, pid_t pid, const struct redoubt_task* value) {
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  union bpf_attr attr = {0};
  attr.map_fd = (unsigned)tasks;
  attr.key = (unsigned long)&pidfd;
  attr.value = (unsigned long)value;
  const int failed = (int)syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof attr);
  close(pidfd);
  return failed;
}

static int run(int tasks, const struct redoubt_task* value, char** command) {
  int gate[2];
  if (pipe(gate) != 0) {
    return 254;
  }
  const pid_t child = fork();
  if (child == 0) {
    char go;
    close(gate[1]);
    if (read(gate[0], &go, 1) != 1) {
      _exit(254);
    }
    execv(command[0], command);
    _exit(253);
  }
  close(gate[0]);
  if (mark(tasks, child, value) != 0 || write(gate[1], "x", 1) != 1) {
    perror("staged");
    return 254;
  }
  close(gate[1]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

int main(int argc, char** argv) {
  int times = 0;
  if (argc > 1 && argv[1][0] == '-' && argv[1][1] != '\0') {
    times = atoi(argv[1] + 1);
    --argc;
    ++argv;
  }
  const int tasks = open_tasks();
  if (argc < 5 || tasks < 0) {
    perror("staged");
    return 2;
  }
  struct redoubt_task value = {.state = REDOUBT_STAGED, .denied = bits(argv[1]), .audited = bits(argv[2]), .families = strtoull(argv[3], NULL, 0)};
  strcpy(value.container, "staged");
  if (times == 0) {
    return run(tasks, &value, argv + 4);
  }
  int denied = 0;
  for (int i = 0; i < times; ++i) {
    denied += run(tasks, &value, argv + 4) == EPERM;
  }
  printf("%d\n", denied);
  return 0;
}
