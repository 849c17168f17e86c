/* The escape corpus: programs that try to leave a container. Each act is one function that really tries and then says, once, what came of
 * it: reached() with a proof, blocked() with errno, or lacks() where there is nothing to try. An act runs in a process of its own; what it
 * aims at on the host (a process, a file, a cgroup ...) is described by `goal`, and is made by target.c. */
#ifndef REDOUBT_TESTS_ESCAPE_H_
#define REDOUBT_TESTS_ESCAPE_H_
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <sys/types.h>

struct goal {
  const char* token;       /* a secret of the host; who shows it has been there */
  pid_t pid;               /* a process of the host */
  unsigned long secret;    /* where that process has the token in its memory */
  const char* marker;      /* a file of the host that holds the token */
  const char* handle;      /* its file handle: TYPE:HEX */
  const char* cgroup_root; /* where the host has cgroup v2 */
  const char* cgroup;      /* a cgroup of the host, below that */
  const char* cgroup_options; /* of that file system */
  const char* disk;        /* MAJOR:MINOR of a block device that the host may open */
  const char* root_disk;   /* the same of the one below / */
  const char* netns;       /* the host's network namespace, as its link reads */
  const char* label;       /* an SELinux label that confines less */
};
extern struct goal goal;

struct act {
  int row; /* of the reference's table */
  const char* name;
  void (*run)(void);
};
extern const struct act file_acts[], call_acts[], mount_acts[], process_acts[], socket_acts[];

void reached(const char* how);
void blocked(const char* what); /* says errno */
void lacks(const char* what);

/* reached when the call succeeded. */
void succeeds(long result, const char* what);
/* For calls that would harm the host: with these arguments the kernel, once it is past every check of permission, answers something else. */
void passes(long result, const char* what);
/* reached when the descriptor's content begins with the token. */
void shows_token(int fd, const char* what);
/* reached when the value that a file has can be written to it. */
void rewrites(const char* path);
/* A descriptor of the device, by its name in /dev or by a node of our own; -1. */
int open_device(const char* name, mode_t type, unsigned major, unsigned minor, int flags);
/* Mounts a tmpfs and takes it away again: what nobody may without CAP_SYS_ADMIN. */
int mount_something(void);

int target(int argc, char** argv);
int gain(void);
#endif
