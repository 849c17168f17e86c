/* refused_file truncate FILE: truncate(2), which opens nothing. refused_file own FILE: forbids itself to read any file (Landlock), and opens it. Prints the
 * act's errno, 0 when it was let through. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int forbid_reading(void) {
  const struct landlock_ruleset_attr attr = {.handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE};
  const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
  return ruleset < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_landlock_restrict_self, ruleset, 0) != 0;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    return 2;
  }
  if (strcmp(argv[1], "own") == 0 && forbid_reading()) {
    perror("landlock");
    return 1;
  }
  const int done = strcmp(argv[1], "own") == 0 ? open(argv[2], O_RDONLY | O_CLOEXEC) : truncate(argv[2], 0);
  printf("%s %d\n", argv[1], done < 0 ? errno : 0);
  return 0;
}
