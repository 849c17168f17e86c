// The log of violations: an array in the kernel that the programs write round and round. Reading
// takes nothing away, so any number of readers follow it, and what they were too slow for is counted.
#ifndef REDOUBT_BPF_EVENT_LOG_H_
#define REDOUBT_BPF_EVENT_LOG_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "bpf/abi.h"
#include "bpf/refused_paths.h"

namespace redoubt::bpf {

class EventLog {
 public:
  // Maps the log, which begins with the oldest event that is still there.
  static Result<EventLog> open();
  EventLog(EventLog&& other) noexcept;
  EventLog& operator=(EventLog&&) = delete;
  ~EventLog();

  struct Batch {
    std::vector<redoubt_event> events;  // in their order
    uint64_t lost = 0;                  // overwritten before they were read
  };
  // What is new. Never waits.
  Batch read();
  // Goes on behind this one; those that are overwritten already count as lost.
  void skip_to(uint64_t sequence) { next_ = sequence + 1; }
  uint64_t last_read() const { return next_ - 1; }

  // The paths of a refusal by Landlock that read() has given. Nothing: they are overwritten, or the event
  // is of another kind.
  std::optional<RefusedPaths> paths_of(const redoubt_event& event);

  // Differs from that of every other log since boot.
  uint64_t identity() const { return identity_; }
  // Whether the programs still write to it: not when the set was unloaded.
  bool is_current() const;

 private:
  EventLog(const redoubt_event* events, const uint64_t* head, uint64_t next, uint64_t identity)
      : events_(events), head_(head), next_(next), identity_(identity) {}

  const redoubt_event* events_;
  const uint64_t* head_;
  const redoubt_paths* paths_ = nullptr;  // mapped with the first event that has some
  uint64_t next_;  // sequence of the next event to read
  uint64_t identity_;
};

// All violations since the set was loaded; 0 when it is not.
uint64_t count_events();

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_EVENT_LOG_H_
