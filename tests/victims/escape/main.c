/* escape [NAME...]: tries the acts (all of them), a line of JSON each. escape list: their rows and names. escape target ...: target.c. */
#include "escape.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum verdict { kNone, kBlocked, kReached, kLacks };
struct answer {
  enum verdict verdict;
  int error;
  char detail[160];
};
struct goal goal;
static struct answer* answer; /* shared with the act's process */

static const struct act* const tables[] = {file_acts, call_acts, process_acts, socket_acts, mount_acts};

static void say(enum verdict verdict, int error, const char* detail) {
  answer->verdict = verdict;
  answer->error = error;
  snprintf(answer->detail, sizeof answer->detail, "%s", detail);
}

void reached(const char* how) { say(kReached, 0, how); }
void blocked(const char* what) { say(kBlocked, errno, what); }
void lacks(const char* what) { say(kLacks, 0, what); }

void succeeds(long result, const char* what) {
  if (result >= 0) reached(what);
  else blocked(what);
}

void passes(long result, const char* what) {
  if (result >= 0) return reached(what);
  if (errno == EPERM || errno == EACCES || errno == ENOSYS) return blocked(what);
  char text[120];
  snprintf(text, sizeof text, "%s: the kernel answered %s", what, strerrorname_np(errno));
  reached(text);
}

void shows_token(int fd, const char* what) {
  char text[64] = "";
  if (fd < 0) return blocked(what);
  if (read(fd, text, sizeof text - 1) < 0) return blocked(what);
  errno = ENOENT;
  if (goal.token[0] && strncmp(text, goal.token, strlen(goal.token)) == 0) reached(what);
  else blocked(what);
}

void rewrites(const char* path) {
  char value[512];
  int fd = open(path, O_RDONLY);
  if (fd < 0) return blocked(path);
  ssize_t size = read(fd, value, sizeof value);
  close(fd);
  if (size < 0 || (fd = open(path, O_WRONLY)) < 0) return blocked(path);
  succeeds(write(fd, value, (size_t)size), path);
}

int open_device(const char* name, mode_t type, unsigned major, unsigned minor, int flags) {
  char path[64];
  snprintf(path, sizeof path, "/dev/%s", name);
  int fd = open(path, flags | O_NONBLOCK);
  if (fd >= 0) return fd;
  snprintf(path, sizeof path, "/tmp/node.%d", (int)getpid());
  if (mknod(path, type | 0600, makedev(major, minor)) != 0) return -1;
  fd = open(path, flags | O_NONBLOCK);
  int error = errno;
  unlink(path);
  errno = error;
  return fd;
}

int mount_something(void) {
  if (mount("escape", "/mnt", "tmpfs", 0, "size=4k") != 0) return -1;
  return umount2("/mnt", MNT_DETACH);
}

/* The other half of the acts that gain privilege by execve: the exit status is the errno. */
int gain(void) { return mount_something() == 0 ? 0 : errno; }

static const char* text_of(const char* name) {
  const char* text = getenv(name);
  return text ? text : "";
}

static void read_goal(void) {
  goal.token = text_of("ESCAPE_TOKEN");
  goal.pid = atoi(text_of("ESCAPE_PID"));
  goal.secret = strtoul(text_of("ESCAPE_SECRET"), 0, 16);
  goal.marker = text_of("ESCAPE_MARKER");
  goal.handle = text_of("ESCAPE_HANDLE");
  goal.cgroup_root = text_of("ESCAPE_CGROUP_ROOT");
  goal.cgroup = text_of("ESCAPE_CGROUP");
  goal.cgroup_options = text_of("ESCAPE_CGROUP_OPTIONS");
  goal.disk = text_of("ESCAPE_DISK");
  goal.root_disk = text_of("ESCAPE_ROOT_DISK");
  goal.netns = text_of("ESCAPE_NETNS");
  goal.label = text_of("ESCAPE_LABEL");
}

static void try_act(const struct act* act) {
  static const char* const words[] = {"error", "blocked", "reached", "error"};
  memset(answer, 0, sizeof *answer);
  pid_t child = fork();
  if (child == 0) {
    alarm(10);
    act->run();
    _exit(0);
  }
  int status = 0;
  if (child > 0) waitpid(child, &status, 0);
  if (answer->verdict == kNone) snprintf(answer->detail, sizeof answer->detail, "no answer, wait status %d", status);
  printf("{\"row\":%d,\"name\":\"%s\",\"result\":\"%s\",\"errno\":\"%s\",\"detail\":\"%s\"}\n", act->row, act->name, words[answer->verdict],
         answer->error ? strerrorname_np(answer->error) : "", answer->detail);
  fflush(stdout);
}

static int is_wanted(const char* name, int argc, char** argv) {
  for (int i = 1; i < argc; ++i)
    if (strcmp(argv[i], name) == 0) return 1;
  return argc < 2;
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "target") == 0) return target(argc - 2, argv + 2);
  if (argc > 1 && strcmp(argv[1], "gain") == 0) return gain();
  int list = argc > 1 && strcmp(argv[1], "list") == 0;
  answer = mmap(0, sizeof *answer, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (answer == MAP_FAILED) return 2;
  read_goal();
  for (unsigned i = 0; i < sizeof tables / sizeof *tables; ++i)
    for (const struct act* act = tables[i]; act->name; ++act) {
      if (list) printf("%d %s\n", act->row, act->name);
      else if (is_wanted(act->name, argc, argv)) try_act(act);
    }
}
