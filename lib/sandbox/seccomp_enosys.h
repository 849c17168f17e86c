// The -ENOSYS stub in front of a seccomp filter.
//
// A profile lists the system calls that its author knew. Newer ones fall to its default action,
// usually EPERM, and a C library that probes for a new call (faccessat2, clone3, fchmodat2 ...)
// takes EPERM for the final answer instead of falling back. runc therefore answers ENOSYS for every
// number above the highest one that the profile names, per architecture, unless the default action
// lets calls through (ALLOW, LOG, TRACE). Engines and their users rely on it, so the same boundary
// is drawn here. Used by seccomp_build.cc; separate because it is pure and tested instruction by
// instruction.
#ifndef REDOUBT_SANDBOX_SECCOMP_ENOSYS_H_
#define REDOUBT_SANDBOX_SECCOMP_ENOSYS_H_

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace redoubt::sandbox {

// The highest known number of one kernel architecture (AUDIT_ARCH_*). x86_64 and x32 share theirs
// and differ in bit 30 of the number (x32 numbers carry it); a bound that is absent means that the
// filter below decides alone.
struct KnownSyscalls {
  uint32_t audit_arch = 0;
  std::optional<uint32_t> last;      // without bit 30 on x86_64
  std::optional<uint32_t> last_x32;  // AUDIT_ARCH_X86_64 only, with bit 30
};

// Instructions to be put before the filter; empty when no bound is given. They clobber the
// accumulator only.
std::vector<sock_filter> enosys_stub(const std::vector<KnownSyscalls>& known);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SECCOMP_ENOSYS_H_
