// TerminalRelay: connects the runtime's own terminal with the pty of a foreground container.
//
// The host's terminal (the first of stderr, stdout, stdin that is one, else /dev/tty) is raw from
// create() until the relay is destroyed; standard input goes to the master, its output to standard
// output. Both directions have one bounded buffer and are read only while it has room, so a reader
// that stops makes the container wait, not this process grow or spin. The flags of the shared
// descriptors 0 and 1 are never changed: other processes use them too.
// Driven by wait_foreground() (signal_forward.h), which also polls the child and the signals.
#ifndef REDOUBT_LAUNCH_TERMINAL_RELAY_H_
#define REDOUBT_LAUNCH_TERMINAL_RELAY_H_

#include <poll.h>

#include <array>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "sandbox/terminal.h"

namespace redoubt::launch {

class TerminalRelay {
 public:
  static constexpr size_t kPollSlots = 3;
  using PollSlots = std::array<pollfd, kPollSlots>;  // input, master, output

  // The host's terminal, before the container exists: err() ENXIO and "open /dev/tty: no such
  // device or address" when there is none.
  static Result<UniqueFd> open_host_terminal();

  // Takes the pty master of the container. Raw mode starts here.
  static Result<TerminalRelay> create(UniqueFd host_terminal, UniqueFd master,
                                      sandbox::Newlines newlines = sandbox::Newlines::kHere);

  TerminalRelay(TerminalRelay&&) noexcept = default;
  TerminalRelay& operator=(TerminalRelay&&) noexcept = default;

  // What to wait for now.
  PollSlots poll_slots() const;
  // Upper bound for poll's timeout in ms, -1 = none.
  int poll_timeout() const;
  // Moves what can be moved without blocking.
  void advance(const PollSlots& ready);

  // Gives the pty the size of the host's terminal.
  void resize();

  // The child is gone: nothing more goes in, what it wrote still comes out.
  void child_exited();
  // After child_exited(): everything has been written (or nobody will read it any more).
  bool finished() const;

 private:
  // One end of the host's: its descriptor, opened anew and non-blocking where that is possible.
  struct HostEnd {
    int fd = -1;  // 0 or 1, or own.get()
    UniqueFd own;
    bool is_socket = false;
    bool may_block = false;  // could not be opened anew
    bool open = true;
  };
  struct Buffer {
    std::string data;
    size_t begin = 0;
    bool empty() const { return begin == data.size(); }
  };

  TerminalRelay() = default;
  void read_input();
  void write_master();
  void read_master(bool ready);
  void write_output();

  static HostEnd open_host_end(int fd, int access);

  sandbox::RawTerminal terminal_;
  UniqueFd master_;
  HostEnd input_, output_;
  Buffer to_master_, to_output_;
  bool hung_up_ = false;  // no process has the pty open; looked at again a little later
  bool child_exited_ = false;
  int64_t quiet_since_ms_ = 0;  // after child_exited(): when the master last gave something
  size_t drained_ = 0;          // bytes read after child_exited()
};

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_TERMINAL_RELAY_H_
