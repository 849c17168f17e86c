// The name of a system call by its number in this machine's own table.
#ifndef REDOUBT_BPF_LOAD_SYSCALL_NAMES_H_
#define REDOUBT_BPF_LOAD_SYSCALL_NAMES_H_

#include <cstdint>
#include <string>

#include "sandbox/seccomp_library.h"

namespace redoubt::bpf {

// By libseccomp, and a table of those that are newer than it. Empty: neither knows it.
std::string syscall_name(const sandbox::SeccompLibrary& lib, uint32_t number);

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_LOAD_SYSCALL_NAMES_H_
