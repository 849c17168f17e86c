/* sched_show: prints policy, nice and priority, the allowed CPUs, and the I/O priority of its own process. */
#define _GNU_SOURCE
#include <linux/types.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct attributes {
  __u32 size, policy;
  __u64 flags;
  __s32 nice;
  __u32 priority;
  __u64 runtime, deadline, period;
};

int main(void) {
  struct attributes a = {.size = sizeof a};
  if (syscall(SYS_sched_getattr, 0, &a, sizeof a, 0) != 0) return 1;
  cpu_set_t set;
  sched_getaffinity(0, sizeof set, &set);
  printf("policy %u nice %d priority %u flags %llu cpus", a.policy, a.nice, a.priority, (unsigned long long)a.flags);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) if (CPU_ISSET(cpu, &set)) printf(" %d", cpu);
  printf(" io %ld\n", syscall(SYS_ioprio_get, 1, 0));
  return 0;
}
