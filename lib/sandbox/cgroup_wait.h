// Waiting for a cgroup to change, by poll(2) on cgroup.events (the kernel marks it POLLPRI at every
// change of populated or frozen). Used inside lib/sandbox only.
#ifndef REDOUBT_SANDBOX_CGROUP_WAIT_H_
#define REDOUBT_SANDBOX_CGROUP_WAIT_H_

#include <chrono>

#include "base/result.h"
#include "sandbox/cgroup_control.h"

namespace redoubt::sandbox {

// A cgroup that is no more: removed before the open (ENOENT) or after it (ENODEV).
bool is_gone(const Error& error);

class Deadline {
 public:
  explicit Deadline(int timeout_ms)
      : end_(std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms)) {}
  // For poll(2); 0 when it has passed.
  int left_ms() const;

 private:
  std::chrono::steady_clock::time_point end_;
};

using EventsPredicate = bool (*)(const CgroupEvents&);

// True as soon as the predicate holds, false when the deadline has passed. A cgroup that goes away
// meanwhile counts as {populated = false, frozen = false}.
Result<bool> wait_cgroup_events(int directory_fd,
                                EventsPredicate predicate,
                                const Deadline& deadline);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_CGROUP_WAIT_H_
