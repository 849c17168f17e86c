// Builds a seccomp program with libseccomp: the cache miss of SeccompCompiler, in redoubt-dl. Every
// rule means what it means under runc: conditions on different arguments are joined by AND, several
// conditions on one argument become one rule each (libseccomp has no AND within an argument), names unknown to
// libseccomp are skipped and reported, rules equal to the default action are left out, and the
// -ENOSYS stub is put in front.
#ifndef REDOUBT_SANDBOX_SECCOMP_BUILD_H_
#define REDOUBT_SANDBOX_SECCOMP_BUILD_H_

#include <linux/filter.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "sandbox/seccomp_library.h"
#include "sandbox/seccomp_split.h"

namespace redoubt::sandbox {

struct BuiltFilter {
  std::vector<sock_filter> filter;
  std::vector<std::string> unknown_syscalls;  // sorted, each once
};

Result<BuiltFilter> build_seccomp_filter(const SeccompLibrary& lib, const plan::Seccomp& seccomp);
// One program for a whole stack (seccomp_join.h), or that part of it.
Result<BuiltFilter> build_seccomp_filters(const SeccompLibrary& lib,
                                          const std::vector<plan::Seccomp>& last_first,
                                          SeccompPart part = SeccompPart::kAll);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SECCOMP_BUILD_H_
