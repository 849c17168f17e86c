// Session: one process in the guest as the monitor knows it: its stdio flows, and who waits for its
// end.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_SESSION_H_
#define REDOUBT_ESCALATE_VM_MONITOR_SESSION_H_

#include <poll.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "escalate-vm/monitor/flow.h"
#include "escalate-vm/protocol/channel.h"
#include "escalate-vm/protocol/request.h"

namespace redoubt::vm {

class Session {
 public:
  // Opens the streams `first_stream` and, without a terminal, the two after it. in, out, err: the
  // process's descriptors 0 to 2 on the host; with a terminal all are its slave.
  static Result<Session> open(Channel& channel,
                              std::string name,
                              uint32_t first_stream,
                              std::vector<UniqueFd> stdio,
                              bool terminal);
  static constexpr uint32_t kStreams = 3;

  const std::string& name() const { return name_; }
  // For the request that makes the process.
  const Stdio& stdio() const { return stdio_; }
  // The terminal's size now; nothing without a terminal.
  std::optional<WindowSize> window_size() const;

  void append_wishes(const Channel& channel, std::vector<pollfd>& polls) const;
  // Moves whatever can be moved; false: some data waits for a descriptor that takes none.
  void move(Channel& channel, const std::vector<pollfd>& ready);
  bool outputs_done() const;

  // The guest has it.
  void set_made() { made_ = true; }
  bool made() const { return made_; }

  // Its status: an exit code, or 128 + n for signal n.
  void set_exit(int status, int64_t now_ms);
  // The status, once all output is out or, with somebody else still holding the other end, nothing
  // more has come for a while.
  std::optional<int> finished(const Channel& channel, int64_t now_ms) const;
  bool exited() const { return exit_status_.has_value(); }

 private:
  Session() = default;
  bool has_waiting_output(const Channel& channel) const;

  std::string name_;
  Stdio stdio_;
  UniqueFd terminal_;
  std::vector<uint32_t> output_streams_;
  std::vector<Inflow> in_;
  std::vector<Outflow> out_;
  bool made_ = false;
  std::optional<int> exit_status_;
  int64_t quiet_since_ms_ = 0;
};

int64_t now_ms();

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_SESSION_H_
