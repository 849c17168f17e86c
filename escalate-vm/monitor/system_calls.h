// The system calls of redoubt-vm and of its children, as seccomp filters.
//
// Of redoubt-vm once its children run: an allow-list with a reason for each; everything else fails with
// EPERM. Of VMM and virtiofsd, which are the distribution's and have filters of their own: what neither
// ever needs, and what would lead to more of the kernel. Calls of another architecture end the process.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_SYSTEM_CALLS_H_
#define REDOUBT_ESCALATE_VM_MONITOR_SYSTEM_CALLS_H_

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace redoubt::vm {

struct AllowedCall {
  long number;
  std::string_view reason;
  int argument = -1;                      // which one is looked at; -1: none
  uint32_t forbidden_bits = 0;            // of it
  std::span<const uint32_t> values = {};  // one of which it must be; empty: any
};

struct RefusedCall {
  long number;
  std::string_view reason;
  uint32_t bits = 0;  // of the first argument, one of which makes it refused; 0: whatever it has
  int error = 0;      // 0: EPERM
};

std::span<const AllowedCall> allowed_calls();

std::span<const RefusedCall> refused_calls();

std::vector<sock_filter> monitor_filter();
std::vector<sock_filter> child_filter();

// Preconditions: no_new_privs.
Status restrict_monitor();
Status restrict_child();

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_SYSTEM_CALLS_H_
