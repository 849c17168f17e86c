// RunClock: how long this process has been running while it waited, in milliseconds. What lies between
// two readings counts for `most` at the utmost: the time in which a container is frozen (pause), stopped by a
// signal or its host asleep is nobody's silence.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_RUN_CLOCK_H_
#define REDOUBT_ESCALATE_VM_MONITOR_RUN_CLOCK_H_

#include <algorithm>
#include <cstdint>

namespace redoubt::vm {

class RunClock {
 public:
  // now: of CLOCK_MONOTONIC.
  void advance(int64_t now_ms, int64_t most_ms) {
    ran_ms_ += last_ms_ == 0 ? 0 : std::min(now_ms - last_ms_, most_ms);
    last_ms_ = now_ms;
  }
  int64_t now() const { return ran_ms_; }

 private:
  int64_t last_ms_ = 0;
  int64_t ran_ms_ = 0;
};

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_RUN_CLOCK_H_
