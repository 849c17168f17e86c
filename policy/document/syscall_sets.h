// Named sets of system calls for profiles: "@container", "@rare". Tables in the program, so that
// reading a profile does not parse four hundred names.
#ifndef REDOUBT_POLICY_DOCUMENT_SYSCALL_SETS_H_
#define REDOUBT_POLICY_DOCUMENT_SYSCALL_SETS_H_

#include <span>
#include <string_view>

namespace redoubt::policy {

struct SyscallSet {
  std::string_view name;
  std::span<const std::string_view> syscalls;  // sorted
};

std::span<const SyscallSet> syscall_sets();
const SyscallSet* find_syscall_set(std::string_view name);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_DOCUMENT_SYSCALL_SETS_H_
