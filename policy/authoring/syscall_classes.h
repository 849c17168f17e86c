// What the system calls of the set @container are about, for readers: a table of classes, each call
// in one. The calls of the kernel.* fields are in surface_table.h.
#ifndef REDOUBT_POLICY_AUTHORING_SYSCALL_CLASSES_H_
#define REDOUBT_POLICY_AUTHORING_SYSCALL_CLASSES_H_

#include <span>
#include <string_view>

namespace redoubt::policy {

struct SyscallClass {
  std::string_view name;
  std::span<const std::string_view> syscalls;  // sorted
};

std::span<const SyscallClass> syscall_classes();

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_SYSCALL_CLASSES_H_
