// The comparisons that tell in which run of values the accumulator of a filter lies: a search tree, with
// short chains of equalities where single values stand out of what surrounds them. Pure; used by
// seccomp_compact.cc for numbers and seccomp_fold.cc for arguments.
#ifndef REDOUBT_SANDBOX_SECCOMP_SEARCH_H_
#define REDOUBT_SANDBOX_SECCOMP_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace redoubt::sandbox {

// From this value on up to the next run; neighbours have different targets.
struct SeccompRun {
  uint32_t first;
  size_t target;  // the caller's number of whatever comes then
};

struct SeccompBranch {
  struct Side {
    bool is_target;  // of a run; otherwise a branch that stands behind this one
    size_t index;
  };

  uint16_t code;  // BPF_JGE or BPF_JEQ with a constant
  uint32_t constant;
  Side yes, no;
};

// At least one run. The first branch is where it begins; of one run there is none. Never more branches
// than runs.
std::vector<SeccompBranch> search_runs(std::span<const SeccompRun> runs);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SECCOMP_SEARCH_H_
