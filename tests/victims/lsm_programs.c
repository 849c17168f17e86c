/* lsm_programs: how many BPF programs for hooks of the security modules the kernel holds, attached, pinned or only open. systemd's own are counted
 * too, so look at the difference, or where there is no systemd. */
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static long call(enum bpf_cmd command, union bpf_attr* attr) { return syscall(SYS_bpf, command, attr, sizeof *attr); }

static int is_lsm(unsigned id) {
  union bpf_attr attr = {.prog_id = id};
  const int fd = (int)call(BPF_PROG_GET_FD_BY_ID, &attr);
  if (fd < 0) {
    return 0;
  }
  struct bpf_prog_info info = {0};
  memset(&attr, 0, sizeof attr);
  attr.info.bpf_fd = (unsigned)fd;
  attr.info.info_len = sizeof info;
  attr.info.info = (unsigned long)&info;
  const int found = call(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && info.type == BPF_PROG_TYPE_LSM;
  close(fd);
  return found;
}

int main(void) {
  int count = 0;
  union bpf_attr attr = {0};
  while (call(BPF_PROG_GET_NEXT_ID, &attr) == 0) {
    const unsigned id = attr.next_id;
    count += is_lsm(id);
    memset(&attr, 0, sizeof attr);
    attr.start_id = id;
  }
  printf("%d\n", count);
  return 0;
}
