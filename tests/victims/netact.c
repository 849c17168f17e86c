/* netact ACT...: what a container may do with sockets. An act is "verb,words"; each prints the act and "ok" or the errno.
 *   connect-tcp|connect-udp|sendto-udp|fastopen|bind-tcp|bind-udp|connected-udp,ADDRESS,PORT
 *   connect-udp46|sendto-udp46,IPV4,PORT   an IPv4 address given to an IPv6 socket
 *   unspec-udp,IPV4,PORT                   sendto(2) with the family AF_UNSPEC, which the kernel takes for AF_INET
 *   via-mapped-tcp|via-mapped-udp,PORT     to "::" from a socket that is bound to ::ffff:127.0.0.1: the kernel makes IPv4 of it
 *   dissolve-udp,ADDRESS,PORT              connect(2), then with AF_UNSPEC
 *   uring-tcp,ADDRESS,PORT                 connect by io_uring
 *   listen-tcp,ADDRESS                     listen(2) without bind(2)
 *   socket,FAMILY,TYPE,PROTOCOL
 *   detach,CGROUP,TYPE                     whatever is attached there for bpf_attach_type TYPE
 * connected-udp is connect(2) and then sendmsg(2) with a control message. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct address {
  union { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; } u;
  socklen_t size;
};

static struct address parse(const char* text, const char* port) {
  struct address a = {0};
  if (strchr(text, ':')) {
    a.u.v6.sin6_family = AF_INET6;
    a.u.v6.sin6_port = htons((uint16_t)atoi(port));
    a.size = sizeof a.u.v6;
    if (inet_pton(AF_INET6, text, &a.u.v6.sin6_addr) != 1) exit(2);
  } else {
    a.u.v4.sin_family = AF_INET;
    a.u.v4.sin_port = htons((uint16_t)atoi(port));
    a.size = sizeof a.u.v4;
    if (inet_pton(AF_INET, text, &a.u.v4.sin_addr) != 1) exit(2);
  }
  return a;
}

static int open_socket(int family, int type) {
  int fd = socket(family, type | SOCK_CLOEXEC, 0);
  int on = 1, off = 0;
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  return fd;
}

static long send_with_control(int fd, int family) {
  char control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec data = {"x", 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  int value = 8;
  header->cmsg_level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
  header->cmsg_type = family == AF_INET ? IP_TOS : IPV6_TCLASS;
  header->cmsg_len = CMSG_LEN(sizeof value);
  memcpy(CMSG_DATA(header), &value, sizeof value);
  return sendmsg(fd, &message, 0);
}

static long via_mapped(int type, const char* port) {
  struct address own = parse("::ffff:127.0.0.1", "0"), other = parse("::", port);
  int fd = open_socket(AF_INET6, type);
  if (fd < 0) return -1;
  if (type == SOCK_STREAM) setsockopt(fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &(int){1}, sizeof(int));
  if (bind(fd, &own.u.any, own.size)) return -1;
  return connect(fd, &other.u.any, other.size);
}

static long uring_connect(struct address* a) {
  struct io_uring_params p = {0};
  int ring = (int)syscall(SYS_io_uring_setup, 1, &p);
  int fd = open_socket(a->u.any.sa_family, SOCK_STREAM);
  if (ring < 0 || fd < 0) return -1;
  size_t size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe) + p.sq_off.array + p.sq_entries * 4;
  char* rings = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
  struct io_uring_sqe* sqe = mmap(0, sizeof *sqe, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
  if (rings == MAP_FAILED || sqe == MAP_FAILED || !(p.features & IORING_FEAT_SINGLE_MMAP)) return -1;
  memset(sqe, 0, sizeof *sqe);
  sqe->opcode = IORING_OP_CONNECT;
  sqe->fd = fd;
  sqe->addr = (uintptr_t)&a->u;
  sqe->off = a->size;
  ((unsigned*)(rings + p.sq_off.array))[0] = 0;
  __atomic_store_n((unsigned*)(rings + p.sq_off.tail), 1, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, 0, 0) != 1) return -1;
  int result = ((struct io_uring_cqe*)(rings + p.cq_off.cqes))[0].res;
  errno = -result;
  return result;
}

static long detach(const char* cgroup, const char* type) {
  uint32_t ids[64];
  int fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  union bpf_attr query = {0}, by_id = {0}, detach = {0};
  if (fd < 0) return -1;
  query.query.target_fd = (uint32_t)fd;
  query.query.attach_type = (uint32_t)atoi(type);
  query.query.prog_ids = (uintptr_t)ids;
  query.query.prog_cnt = 64;
  if (syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof query)) return -1;
  if (query.query.prog_cnt == 0) { errno = ENODATA; return -1; }
  by_id.prog_id = ids[0];
  int program = (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &by_id, sizeof by_id);
  if (program < 0) return -1;
  detach.target_fd = (uint32_t)fd;
  detach.attach_bpf_fd = (uint32_t)program;
  detach.attach_type = (uint32_t)atoi(type);
  return syscall(SYS_bpf, BPF_PROG_DETACH, &detach, sizeof detach);
}

static long on_socket(const char* verb, struct address* a) {
  int family = strstr(verb, "46") ? AF_INET6 : a->u.any.sa_family;
  int type = strstr(verb, "udp") ? SOCK_DGRAM : SOCK_STREAM;
  int fd = open_socket(family, type);
  if (fd < 0) return -1;
  if (!strncmp(verb, "bind-", 5)) return bind(fd, &a->u.any, a->size) || (type == SOCK_STREAM && listen(fd, 1)) ? -1 : 0;
  if (!strncmp(verb, "sendto-", 7)) return sendto(fd, "x", 1, 0, &a->u.any, a->size);
  if (!strcmp(verb, "fastopen")) return sendto(fd, "x", 1, MSG_FASTOPEN, &a->u.any, a->size);
  if (!strcmp(verb, "unspec-udp")) {
    a->u.any.sa_family = AF_UNSPEC;
    return sendto(fd, "x", 1, 0, &a->u.any, a->size);
  }
  if (connect(fd, &a->u.any, a->size)) return -1;
  if (!strcmp(verb, "connected-udp")) return send_with_control(fd, family);
  if (!strcmp(verb, "dissolve-udp")) return connect(fd, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr));
  return 0;
}

static long act(const char* verb, char* one, char* two, char* three) {
  if (!strcmp(verb, "socket")) return socket(atoi(one), atoi(two) | SOCK_CLOEXEC, atoi(three));
  if (!strcmp(verb, "detach")) return detach(one, two);
  if (!strcmp(verb, "via-mapped-tcp")) return via_mapped(SOCK_STREAM, one);
  if (!strcmp(verb, "via-mapped-udp")) return via_mapped(SOCK_DGRAM, one);
  if (!strcmp(verb, "listen-tcp")) return listen(open_socket(strchr(one, ':') ? AF_INET6 : AF_INET, SOCK_STREAM), 1);
  struct address a = parse(one, two);
  if (!strcmp(verb, "uring-tcp")) return uring_connect(&a);
  return on_socket(verb, &a);
}

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    char* words = strdup(argv[i]);
    char* verb = strsep(&words, ",");
    char* one = strsep(&words, ",");
    char* two = strsep(&words, ",");
    char* three = strsep(&words, ",");
    long result = act(verb, one ? one : "", two ? two : "", three ? three : "");
    printf("%s %s\n", argv[i], result >= 0 ? "ok" : strerrorname_np(errno));
  }
}
