// Writes the comparisons of arguments shorter: a list of values becomes a search over their runs, a list of
// single bits one test of them all, and what compares with nothing is decided. A rule a socket family, a
// flag of clone(2) or half of a 64-bit argument is how profiles and libseccomp put such lists.
// Pure; used by seccomp_compact.cc, which tries the result out against what it was made of.
#ifndef REDOUBT_SANDBOX_SECCOMP_FOLD_H_
#define REDOUBT_SANDBOX_SECCOMP_FOLD_H_

#include <linux/filter.h>

#include <vector>

namespace redoubt::sandbox {

// `program` looks at arguments only (seccomp_residue.h). Itself, where nothing can be folded.
std::vector<sock_filter> fold_arguments(const std::vector<sock_filter>& program);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SECCOMP_FOLD_H_
