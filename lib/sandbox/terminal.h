// Terminal settings: raw mode with a guaranteed way back, the pty master's output mode, sizes.
// Used by the relay of a foreground `run -t` and by everything else that holds a pty master.
#ifndef REDOUBT_SANDBOX_TERMINAL_H_
#define REDOUBT_SANDBOX_TERMINAL_H_

#include <termios.h>

#include <cstdint>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::sandbox {

// Where "\n" of the container's output becomes "\r\n": here, because the container's pty has ONLCR
// cleared, or before it gets here (the guest's pty of a container in a machine).
enum class Newlines { kHere, kBefore };

// A terminal in raw mode, but for Newlines; the destructor puts the former settings back.
class RawTerminal {
 public:
  RawTerminal() = default;
  // Takes the descriptor (a duplicate of the host's terminal).
  static Result<RawTerminal> enter(UniqueFd terminal, Newlines newlines = Newlines::kHere);

  RawTerminal(RawTerminal&& other) noexcept = default;
  RawTerminal& operator=(RawTerminal&& other) noexcept;
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal();

  int get() const { return terminal_.get(); }
  void restore();

 private:
  UniqueFd terminal_;
  termios saved_{};
};

// Clears ONLCR on a pty, through its master.
Status clear_onlcr(int master_fd);

// Copies the size of one terminal to another. Nothing happens when `from` has none.
void copy_window_size(int from_fd, int to_fd);

// A size of 0 x 0 is left alone.
Status set_window_size(int master_fd, uint16_t rows, uint16_t columns);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_TERMINAL_H_
