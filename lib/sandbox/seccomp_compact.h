// Makes a seccomp filter shorter that decides by architecture and number alone.
//
// libseccomp compares with each number of a list: some 1300 instructions for an ordinary profile,
// which the kernel checks, translates and tries out for every system call when the filter is loaded,
// about half a millisecond. Numbers come in runs; a comparison with the ends of each run is a tenth
// of that. The short program is made from the answers of the long one at every number at which they
// can change, and compared with it again at all of them: where anything is not as expected, for
// example because arguments are looked at, the long one is returned. Pure; used by seccomp_build.cc.
#ifndef REDOUBT_SANDBOX_SECCOMP_COMPACT_H_
#define REDOUBT_SANDBOX_SECCOMP_COMPACT_H_

#include <linux/filter.h>

#include <vector>

namespace redoubt::sandbox {

std::vector<sock_filter> compact_filter(const std::vector<sock_filter>& filter);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SECCOMP_COMPACT_H_
