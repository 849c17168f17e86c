// The log of violations: an array in the kernel that the programs write round and round. Reading
// takes nothing away, so any number of readers follow it, and what they were too slow for is counted.
#ifndef REDOUBT_BPF_EVENT_LOG_H_
#define REDOUBT_BPF_EVENT_LOG_H_

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "bpf/abi.h"

namespace redoubt::bpf {

class EventLog {
 public:
  // Maps the log. `from_start`: begins with the oldest event that is still there, else behind the
  // newest.
  static Result<EventLog> open(bool from_start);
  EventLog(EventLog&& other) noexcept;
  EventLog& operator=(EventLog&&) = delete;
  ~EventLog();

  struct Batch {
    std::vector<redoubt_event> events;  // in their order
    uint64_t lost = 0;                  // overwritten before they were read
  };
  // What is new. Never waits.
  Batch read();

 private:
  EventLog(const redoubt_event* events, const uint64_t* head, uint64_t next)
      : events_(events), head_(head), next_(next) {}

  const redoubt_event* events_;
  const uint64_t* head_;
  uint64_t next_;  // sequence of the next event to read
};

// All violations since the set was loaded; 0 when it is not.
uint64_t count_events();

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_EVENT_LOG_H_
