// Compiles plan::Seccomp to the BPF program that init loads with seccomp(2).
//
// Guarantees: the program does what runc's would (libseccomp 2.5 semantics, -ENOSYS for system
// calls newer than the profile, see seccomp_enosys.h), or there is an error; nothing unknown is
// ever read as "allow". Only when the program is not in the cache (bpf_cache.h) is libseccomp asked,
// in a process of its own (dl_process.h). Called on the host before clone; init gets the finished
// array and knows nothing of libseccomp.
#ifndef REDOUBT_SANDBOX_SECCOMP_H_
#define REDOUBT_SANDBOX_SECCOMP_H_

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "sandbox/bpf_cache.h"
#include "sandbox/dl_process.h"
#include "sandbox/seccomp_join.h"
#include "sandbox/seccomp_split.h"

namespace redoubt::sandbox {

struct SeccompProgram {
  std::vector<sock_filter> filter;  // 1 to BPF_MAXINSNS instructions
  // SECCOMP_FILTER_FLAG_* for SECCOMP_SET_MODE_FILTER: those of the plan without TSYNC (init has
  // one thread), with NEW_LISTENER when there is a NOTIFY rule and without WAIT_KILLABLE_RECV when
  // there is none (the kernel refuses it then).
  uint32_t flags = 0;
  bool has_listener = false;  // seccomp(2) returns a descriptor that goes to listenerPath
  std::vector<std::string>
      unknown_syscalls;  // named by the profile, unknown to libseccomp, skipped; sorted, each once
};

// Compiles the filters of one start: the cache is opened once, and the first miss starts the one
// redoubt-dl for all.
class SeccompCompiler {
 public:
  // `cache_dir`: private directory for compiled programs, made (0700) when missing; "" = none.
  // Cache trouble is never an error.
  explicit SeccompCompiler(const std::string& cache_dir);
  // Filters in the order in which they take effect -> programs to load, in theirs: as few as the same
  // answers allow (seccomp_join.h). The last program is, or has in it, the last filter.
  // `reports`: the kernel is to write refusals down (audit_seccomp), at the price of a program more for
  // each (seccomp_split.h). Not those of a filter with a listener, whose calls would all be written.
  Result<std::vector<SeccompProgram>> compile(const std::vector<const plan::Seccomp*>& filters,
                                              bool reports = false);

 private:
  Status add_stack(const SeccompStack& stack, bool reports, std::vector<SeccompProgram>& programs);
  Result<SeccompProgram> compile_stack(const SeccompStack& stack, SeccompPart part);
  Result<CachedProgram> find_or_build(const SeccompStack& stack, SeccompPart part);
  Result<CachedProgram> build(const SeccompStack& stack, SeccompPart part);

  std::optional<BpfCache> cache_;
  std::optional<DlProcess> libraries_;
};

// "2.5.4", from the installed library, or nothing when it cannot be loaded. For --version and
// features.
std::string libseccomp_version();

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SECCOMP_H_
