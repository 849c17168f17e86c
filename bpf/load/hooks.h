// Which surfaces each program closes: what a kernel without the hook cannot enforce.
#ifndef REDOUBT_BPF_LOAD_HOOKS_H_
#define REDOUBT_BPF_LOAD_HOOKS_H_

#include <cstdint>
#include <string_view>

namespace redoubt::bpf {

// By the program's name without the prefix "redoubt_". 0: it is for all of them.
uint64_t surfaces_of_hook(std::string_view hook);

// Without these there is no policy in force at all.
bool is_essential_hook(std::string_view hook);

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_LOAD_HOOKS_H_
