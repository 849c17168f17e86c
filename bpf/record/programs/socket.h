/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Sockets: families, and the addresses that they are connected, sent and bound to. Read from the memory of the process when the call returns. */
#ifndef REDOUBT_BPF_RECORD_PROGRAMS_SOCKET_H_
#define REDOUBT_BPF_RECORD_PROGRAMS_SOCKET_H_

#include "file.h"

#define AF_UNIX_NUMBER 1
#define AF_INET_NUMBER 2
#define AF_INET6_NUMBER 10

static __always_inline int see_socket(struct redoubt_record_socket* key) {
  struct redoubt_record_summary* all = summary();
  const __u8 one = 1;
  if (!all) {
    return 0;
  }
  key->phase = (__u8)phase_of(all);
  if (!bpf_map_lookup_elem(&rec_sockets, key) && bpf_map_update_elem(&rec_sockets, key, &one, BPF_ANY) != 0) {
    __sync_fetch_and_add(&all->lost_sockets, 1);
  }
  return 0;
}

static __always_inline int see_family(int family) {
  struct redoubt_record_socket key = {.act = REDOUBT_RECORD_SOCKET, .family = (__u16)family};
  return see_socket(&key);
}

static __noinline int see_address(int fd, const void* address, __u8 act) {
  struct record_address given = {};
  struct redoubt_record_socket key = {.act = act};
  if (!address || bpf_probe_read_user(&given.family, sizeof given.family, address) != 0) {
    return 0;
  }
  key.family = given.family;
  if (given.family == AF_INET_NUMBER) {
    bpf_probe_read_user(&given, 8, address);
    __builtin_memcpy(key.address, &given.v4, 4);
  } else if (given.family == AF_INET6_NUMBER) {
    bpf_probe_read_user(&given, 24, address);
    __builtin_memcpy(key.address, given.v6, 16);
  } else {
    /* The name of a socket in the file system. */
    return given.family == AF_UNIX_NUMBER && act == REDOUBT_RECORD_BIND
               ? see_user_name((const char*)address + 2, NO_DIRECTORY_FD, REDOUBT_RECORD_CHANGE)
               : 0;
  }
  struct file* file = file_of(fd);
  struct socket* socket = file ? BPF_CORE_READ(file, private_data) : 0;
  key.port = bpf_ntohs(given.port);
  key.protocol = socket ? BPF_CORE_READ(socket, sk, sk_protocol) : 0;
  return see_socket(&key);
}

static __always_inline int see_message(int fd, const struct record_message* at) {
  struct record_message message = {};
  if (bpf_probe_read_user(&message, sizeof message, at) != 0) {
    return 0;
  }
  return see_address(fd, message.name, REDOUBT_RECORD_CONNECT);
}

struct record_messages {
  const struct record_message_row* rows;
  int fd;
};

static long see_row(__u32 index, struct record_messages* messages) {
  see_message(messages->fd, &messages->rows[index].message);
  return 0;
}

static __always_inline int see_messages(int fd, const void* rows, long count) {
  struct record_messages messages = {.rows = rows, .fd = fd};
  struct redoubt_record_summary* all = summary();
  if (count > REDOUBT_RECORD_MESSAGES && all) {
    __sync_fetch_and_add(&all->lost_messages, 1);
  }
  bpf_loop(count > REDOUBT_RECORD_MESSAGES ? REDOUBT_RECORD_MESSAGES : (__u32)count, see_row, &messages, 0);
  return 0;
}

#endif /* REDOUBT_BPF_RECORD_PROGRAMS_SOCKET_H_ */
