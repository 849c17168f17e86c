/* escape target TOKEN MARKER: what the acts aim at, on the host. Prints a line of JSON that describes it, then lives until its stdin ends and prints what
 * happened to it. Its names all contain the token: a key, a System V segment, a message queue, an abstract socket, packets on the loopback. */
#include "escape.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static char secret[64];
static volatile sig_atomic_t signals;

static void count(int number) {
  (void)number;
  ++signals;
}

static void print_handle(const char* path) {
  union {
    struct file_handle head;
    char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  } handle = {.head.handle_bytes = MAX_HANDLE_SZ};
  int mount_id;
  printf(",\"handle\":\"");
  if (name_to_handle_at(AT_FDCWD, path, &handle.head, &mount_id, 0) == 0) {
    printf("%d:", handle.head.handle_type);
    for (unsigned i = 0; i < handle.head.handle_bytes; ++i) printf("%02x", handle.head.f_handle[i]);
  }
  printf("\"");
}

static int listen_abstract(const char* token) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int size = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "escape-%s", token);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(fd, (void*)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size)) != 0 || listen(fd, 16) != 0) return -1;
  return fd;
}

static int listen_path(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s.sock", path);
  unlink(address.sun_path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(fd, (void*)&address, sizeof address) != 0 || listen(fd, 16) != 0) return -1;
  return fd;
}

static void greet(int listener) {
  int peer = accept(listener, 0, 0);
  if (peer < 0) return;
  if (write(peer, secret, strlen(secret)) < 0) perror("greet");
  close(peer);
}

static void serve(int abstract, int path) {
  int packets = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct pollfd fds[] = {{.fd = 0, .events = POLLIN}, {.fd = abstract, .events = POLLIN}, {.fd = path, .events = POLLIN}};
  char byte;
  for (;;) {
    int ready = poll(fds, 3, 20);
    sendto(packets, secret, strlen(secret), MSG_DONTWAIT, (void*)&to, sizeof to);
    if (ready <= 0) continue;
    if (fds[1].revents) greet(abstract);
    if (fds[2].revents) greet(path);
    if (fds[0].revents && read(0, &byte, 1) <= 0) return;
  }
}

int target(int argc, char** argv) {
  if (argc < 2) return 2;
  const char* token = argv[0];
  char name[80];
  snprintf(secret, sizeof secret, "%s", token);
  signal(SIGUSR1, count);
  snprintf(name, sizeof name, "escape:%s", token);
  long key = syscall(SYS_add_key, "user", name, token, strlen(token), KEY_SPEC_USER_KEYRING);
  int segment = shmget((key_t)strtol(token, 0, 16), sizeof secret, IPC_CREAT | IPC_EXCL | 0600);
  char* shared = segment < 0 ? (char*)-1 : shmat(segment, 0, 0);
  if (shared != (char*)-1) snprintf(shared, sizeof secret, "%s", token);
  snprintf(name, sizeof name, "/escape-%s", token);
  mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, (struct mq_attr*)0);
  int abstract = listen_abstract(token), path = listen_path(argv[1]);
  open(argv[1], O_RDONLY); /* for who looks into our /proc/PID/fd */
  printf("{\"pid\":%d,\"secret\":\"%lx\",\"key\":%d", (int)getpid(), (unsigned long)secret, key >= 0);
  print_handle(argv[1]);
  printf("}\n");
  fflush(stdout);
  serve(abstract, path);
  printf("{\"signals\":%d,\"secret\":\"%s\"}\n", (int)signals, secret);
  if (key >= 0) syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING, 0, 0);
  if (segment >= 0) shmctl(segment, IPC_RMID, 0);
  if (queue >= 0) mq_unlink(name);
  return 0;
}
