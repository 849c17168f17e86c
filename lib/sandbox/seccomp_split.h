// Splits one seccomp filter in two whose answers together are those of the one, so that the kernel
// writes down refusals that mean something (SECCOMP_FILTER_FLAG_LOG is a filter's, not a rule's).
//
// What C libraries try all day and fall back from is told with ENOSYS: clone3(2) at each new thread,
// calls newer than the profile. It goes to the quiet part. Every other answer is the loud part's, and
// ENOSYS for io_uring too, which nothing calls without meaning it. Each part allows what is the
// other's. Pure; used by seccomp_build.cc.
#ifndef REDOUBT_SANDBOX_SECCOMP_SPLIT_H_
#define REDOUBT_SANDBOX_SECCOMP_SPLIT_H_

#include <linux/filter.h>

#include <vector>

namespace redoubt::sandbox {

enum class SeccompPart {
  kAll,    // the filter as it is
  kQuiet,  // to be loaded first
  kLoud,   // to be loaded behind it, with SECCOMP_FILTER_FLAG_LOG
};

// `filter` ends each way in a BPF_RET|BPF_K. The result is up to twice as long, and some instructions.
std::vector<sock_filter> split_filter(const std::vector<sock_filter>& filter, SeccompPart part);

// Whether a filter can only answer SECCOMP_RET_ALLOW: it need not be loaded.
bool allows_everything(const std::vector<sock_filter>& filter);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SECCOMP_SPLIT_H_
