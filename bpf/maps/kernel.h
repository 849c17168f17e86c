// bpf(2) itself, for what every start needs: pinned objects and map elements. libbpf is not needed
// for these, and mapping it would cost more than all of them.
#ifndef REDOUBT_BPF_MAPS_KERNEL_H_
#define REDOUBT_BPF_MAPS_KERNEL_H_

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::bpf {

// The object that is pinned there. err() ENOENT: nothing is.
Result<UniqueFd> open_pinned(const std::string& path, bool read_only);

// One element of a map. `key` and `value` have the sizes that the map was made with.
Status lookup(int map_fd, const void* key, void* value);
Status update(int map_fd, const void* key, const void* value);

// The key behind `key`, or the first one when that is nullptr; false at the end.
bool next_key(int map_fd, const void* key, void* next);

// Runs a program of type BPF_PROG_TYPE_SYSCALL, without context; what it returns.
Result<uint32_t> run_program(int program_fd);

// How often the kernel has skipped a program because another one was running on that processor.
Result<uint64_t> count_misses(int program_fd);

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_MAPS_KERNEL_H_
