/* swapper SECONDS A B: exchanges two names in a loop (renameat2 RENAME_EXCHANGE): the attacker's half of a time-of-check race. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  time_t end = time(0) + atoi(argv[1]);
  long count = 0;
  while (time(0) < end)
    for (int i = 0; i < 1000; i++, count++)
      if (renameat2(AT_FDCWD, argv[2], AT_FDCWD, argv[3], RENAME_EXCHANGE) != 0) return perror(argv[2]), 1;
  printf("%ld\n", count);
  return 0;
}
