// How far the log of violations has been copied to the journal, kept until the next boot: whoever
// copies it goes on where the one before has ended, and nobody else copies meanwhile.
#ifndef REDOUBT_BPF_LOG_CURSOR_H_
#define REDOUBT_BPF_LOG_CURSOR_H_

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "bpf/set.h"

namespace redoubt::bpf {

class LogCursor {
 public:
  // Takes the cursor of this node for the life of the object. Errors: another process has it.
  static Result<LogCursor> open(const std::string& directory = kSetDirectory);

  // The last violation of this log (EventLog::identity) that was copied; 0: none.
  uint64_t copied_of(uint64_t log) const { return log == log_ ? sequence_ : 0; }
  Status advance(uint64_t log, uint64_t sequence);

 private:
  explicit LogCursor(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
  uint64_t log_ = 0;
  uint64_t sequence_ = 0;
};

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_LOG_CURSOR_H_
