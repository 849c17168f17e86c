// Relay: moves bytes between the descriptors of one process and its streams, both ways, as far as
// window and pipe allow.
//
// A stream is closed when its pipe has no writer (or reader) left, and the pipe when the host ends
// the stream. Used by Agent.
#ifndef REDOUBT_ESCALATE_VM_GUEST_AGENT_RELAY_H_
#define REDOUBT_ESCALATE_VM_GUEST_AGENT_RELAY_H_

#include <poll.h>

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "escalate-vm/guest/agent/command.h"
#include "escalate-vm/protocol/channel.h"
#include "escalate-vm/protocol/request.h"

namespace redoubt::agent {

class Relay {
 public:
  Relay() = default;
  // Opens the streams; for those that are no terminal makes pipes, whose other ends become `child`.
  static Result<Relay> open(vm::Channel& channel, const vm::Stdio& stdio, ChildStdio& child);

  Relay(Relay&&) = default;
  Relay& operator=(Relay&&) = default;
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay() = default;

  // Takes the master of the process's terminal.
  Status set_terminal(UniqueFd master, vm::WindowSize size);
  Status resize(vm::WindowSize size) const;

  // What to poll for before the next move().
  void add_interest(vm::Channel& channel, std::vector<pollfd>& out) const;
  void move(vm::Channel& channel);
  // Nothing will come from the process any more.
  bool outputs_ended() const { return outputs_.empty(); }
  // Closes every stream and descriptor.
  void close(vm::Channel& channel);

 private:
  struct End {
    uint32_t stream = 0;
    UniqueFd fd;
  };

  bool move_input(vm::Channel& channel, End& end);
  bool move_output(vm::Channel& channel, End& end);

  std::vector<End> inputs_;   // stream to descriptor
  std::vector<End> outputs_;  // descriptor to stream
  uint32_t terminal_stream_ = 0;
  UniqueFd terminal_;
};

}  // namespace redoubt::agent

#endif  // REDOUBT_ESCALATE_VM_GUEST_AGENT_RELAY_H_
