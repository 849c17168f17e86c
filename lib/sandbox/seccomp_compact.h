// Makes a seccomp filter shorter and flatter.
//
// libseccomp compares with each number of a list: some 1300 instructions for an ordinary profile,
// which the kernel checks, translates and tries out for every system call when the filter is loaded,
// about half a millisecond. Numbers come in runs that are treated alike; a search tree over the runs
// is a tenth of that. What is left of the filter for a run (seccomp_residue.h) is nearly always one
// answer; the comparisons of arguments that remain of the others are written once and jumped to. The
// result is tried out against the filter at every number at which an answer can change, with
// arguments around the values that it compares with: where anything is not as expected the filter
// itself is returned. Pure; used by seccomp_build.cc.
#ifndef REDOUBT_SANDBOX_SECCOMP_COMPACT_H_
#define REDOUBT_SANDBOX_SECCOMP_COMPACT_H_

#include <linux/filter.h>

#include <vector>

namespace redoubt::sandbox {

std::vector<sock_filter> compact_filter(const std::vector<sock_filter>& filter);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SECCOMP_COMPACT_H_
