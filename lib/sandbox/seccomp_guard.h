// The last part of a seccomp filter that is put together from one an architecture: it kills the thread that
// calls by an architecture that none of them is for, as libseccomp does. Pure; used by seccomp_build.cc.
#ifndef REDOUBT_SANDBOX_SECCOMP_GUARD_H_
#define REDOUBT_SANDBOX_SECCOMP_GUARD_H_

#include <linux/filter.h>

#include <cstdint>
#include <vector>

namespace redoubt::sandbox {

// `tokens` are libseccomp's (SCMP_ARCH_*): AUDIT_ARCH_* but for x32, which shares that of x86_64 and differs in
// bit 30 of the number. Number -1, which a tracer sets to skip a call (seccomp(2)), is x86_64's.
std::vector<sock_filter> architecture_guard(const std::vector<uint32_t>& tokens);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SECCOMP_GUARD_H_
