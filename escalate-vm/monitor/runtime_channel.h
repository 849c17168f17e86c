// The channel to the runtime that started redoubt-vm: lib/init/protocol.h, which redoubt-init spoke
// before it executed us. The runtime waits until kDone or a failure, and answers in between.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_RUNTIME_CHANNEL_H_
#define REDOUBT_ESCALATE_VM_MONITOR_RUNTIME_CHANNEL_H_

#include <string_view>

#include "base/unique_fd.h"

namespace redoubt::vm {

// The exit status of redoubt-vm after a failure.
inline constexpr int kFailedStatus = 255;

class RuntimeChannel {
 public:
  explicit RuntimeChannel(int fd) : fd_(fd) {}

  // Whether the runtime still waits.
  bool is_open() const { return fd_.valid(); }
  // memory.max of the cgroup that this process is in; invalid: there is none, or the runtime died.
  UniqueFd take_memory_limit();
  // Each is the last word.
  void done();
  void fail(std::string_view why);

 private:
  UniqueFd fd_;
};

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_RUNTIME_CHANNEL_H_
