// Flow: one direction of a process's stdio, between a descriptor here and a stream of the channel.
//
// The descriptors are the engine's. Their file descriptions are shared with it, so they are never
// made non-blocking; pipes and terminals are opened once more for that, others are written to in
// pieces that do not block.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_FLOW_H_
#define REDOUBT_ESCALATE_VM_MONITOR_FLOW_H_

#include <poll.h>

#include <cstdint>

#include "base/unique_fd.h"
#include "escalate-vm/protocol/channel.h"

namespace redoubt::vm {

// From the descriptor to the guest.
class Inflow {
 public:
  // `shared`: the stream also carries the other direction (a terminal), and outlives our end.
  Inflow(UniqueFd fd, uint32_t stream, bool shared) : fd_(std::move(fd)), stream_(stream), shared_(shared) {}

  // What to poll for now; fd -1: nothing.
  pollfd wish(const Channel& channel) const;
  // It is readable: moves as much as the stream takes.
  void move(Channel& channel);

 private:
  void end(Channel& channel);

  UniqueFd fd_;
  uint32_t stream_;
  bool shared_;
};

// From the guest to the descriptor.
class Outflow {
 public:
  Outflow(UniqueFd fd, uint32_t stream);

  pollfd wish(const Channel& channel) const;
  // Data came, or the descriptor takes some: moves what goes. Closes both ends when the guest ended,
  // or when nobody reads any more.
  void move(Channel& channel);
  bool done() const { return !fd_.valid(); }

 private:
  void end(Channel& channel);

  UniqueFd fd_;
  uint32_t stream_;
  size_t piece_;  // what one write may have without blocking
};

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_FLOW_H_
