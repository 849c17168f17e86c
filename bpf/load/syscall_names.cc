#include "bpf/load/syscall_names.h"

#include <stdlib.h>

#include "sandbox/seccomp_words.h"

namespace redoubt::bpf {
namespace {

// From here on every architecture has the same numbers (asm-generic/unistd.h).
constexpr uint32_t kFirstNew = 449;
constexpr std::string_view kNew[] = {
    "futex_waitv",       "set_mempolicy_home_node", "cachestat",         "fchmodat2",
    "map_shadow_stack",  "futex_wake",              "futex_wait",        "futex_requeue",
    "statmount",         "listmount",               "lsm_get_self_attr", "lsm_set_self_attr",
    "lsm_list_modules",  "mseal",                   "setxattrat",        "getxattrat",
    "listxattrat",       "removexattrat",           "open_tree_attr",
};

std::string name_in(const sandbox::SeccompLibrary& lib, uint32_t arch, uint32_t number) {
  char* text = lib.syscall_resolve_num_arch(arch, static_cast<int>(number));
  std::string name = text == nullptr ? "" : text;
  ::free(text);
  return name;
}

}  // namespace

std::string syscall_name(const sandbox::SeccompLibrary& lib, uint32_t number) {
  if (number >= kFirstNew && number - kFirstNew < std::size(kNew)) {
    return std::string(kNew[number - kFirstNew]);
  }
  return name_in(lib, lib.arch_native(), number);
}

std::string foreign_syscall_name(const sandbox::SeccompLibrary& lib, uint32_t number) {
#if defined(__aarch64__)
  return name_in(lib, SCMP_ARCH_ARM, number);
#else
  return name_in(lib, (number & sandbox::kX32Bit) != 0 ? SCMP_ARCH_X32 : SCMP_ARCH_X86, number);
#endif
}

}  // namespace redoubt::bpf
