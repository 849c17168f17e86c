// The name of a system call by its number in this machine's own table, and in those of its 32-bit programs.
#ifndef REDOUBT_BPF_LOAD_SYSCALL_NAMES_H_
#define REDOUBT_BPF_LOAD_SYSCALL_NAMES_H_

#include <cstdint>
#include <string>

#include "sandbox/seccomp_library.h"

namespace redoubt::bpf {

// By libseccomp, and a table of those that are newer than it. Empty: neither knows it.
std::string syscall_name(const sandbox::SeccompLibrary& lib, uint32_t number);
// The same of a program for another architecture that this kernel runs: x86 and x32, or arm.
std::string foreign_syscall_name(const sandbox::SeccompLibrary& lib, uint32_t number);

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_LOAD_SYSCALL_NAMES_H_
