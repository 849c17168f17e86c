#include "runc-compat/launch/terminal_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/str.h"

namespace redoubt::launch {
namespace {

constexpr size_t kBufferSize = 16384;
// What a write to a pipe or terminal shared with others may ask for without waiting for long, where
// it could not be opened non-blocking.
constexpr size_t kPoliteWrite = 1024;
constexpr int kReopenPauseMs = 50;  // between looks at a pty that nobody has open
constexpr int kQuietMs = 100;       // silence after the child's exit that counts as the end
// More than a pty can hold (N_TTY_BUF_SIZE and the 8 KiB of pty_common_install): whatever the child
// wrote has been read by then, the rest is from processes that outlive it.
constexpr size_t kMaxDrain = 65536;
constexpr short kReadable = POLLIN | POLLHUP | POLLERR;
constexpr short kWritable = POLLOUT | POLLHUP | POLLERR;
enum Slot { kInput, kMaster, kOutput };

int64_t now_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

bool would_block(int err) {
  return err == EAGAIN || err == EWOULDBLOCK || err == EINTR;
}

}  // namespace

Result<UniqueFd> TerminalRelay::open_host_terminal() {
  for (const int fd : {STDERR_FILENO, STDOUT_FILENO, STDIN_FILENO}) {
    if (isatty(fd) == 1) {
      UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 3));
      if (!copy.valid()) {
        return Error::system(errno, "terminal: dup");
      }
      return copy;
    }
  }
  UniqueFd tty(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!tty.valid()) {
    return Error::system(errno, "open /dev/tty");
  }
  return tty;
}

// O_NONBLOCK belongs to the open file, which the shell and others share, so it is set on one of our
// own: the same terminal or pipe opened again. Sockets cannot be, but take MSG_DONTWAIT.
TerminalRelay::HostEnd TerminalRelay::open_host_end(int fd, int access) {
  HostEnd end;
  end.fd = fd;
  struct stat st {};
  if (fstat(fd, &st) != 0) {
    end.open = false;
    return end;
  }
  end.is_socket = S_ISSOCK(st.st_mode);
  if (isatty(fd) == 1 || S_ISFIFO(st.st_mode)) {
    end.own.reset(
        open(concat("/proc/self/fd/", fd).c_str(), access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    end.may_block = !end.own.valid();
    end.fd = end.may_block ? fd : end.own.get();
  }
  return end;
}

Result<TerminalRelay> TerminalRelay::create(UniqueFd host_terminal, UniqueFd master, sandbox::Newlines newlines) {
  TerminalRelay relay;
  relay.master_ = std::move(master);
  const int flags = fcntl(relay.master_.get(), F_GETFL);
  if (flags < 0 || fcntl(relay.master_.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return Error::system(errno, "pty: fcntl");
  }
  relay.input_ = open_host_end(STDIN_FILENO, O_RDONLY);
  relay.output_ = open_host_end(STDOUT_FILENO, O_WRONLY);
  TRY_ASSIGN(relay.terminal_, sandbox::RawTerminal::enter(std::move(host_terminal), newlines));
  relay.resize();
  return relay;
}

void TerminalRelay::resize() {
  sandbox::copy_window_size(terminal_.get(), master_.get());
}

TerminalRelay::PollSlots TerminalRelay::poll_slots() const {
  // A descriptor that is asked for nothing still reports POLLHUP; -1 keeps it quiet.
  PollSlots slots = {pollfd{-1, 0, 0}, pollfd{-1, 0, 0}, pollfd{-1, 0, 0}};
  if (input_.open && !child_exited_ && to_master_.empty()) {
    slots[kInput] = {input_.fd, POLLIN, 0};
  }
  short wanted = to_output_.empty() ? POLLIN : 0;
  wanted = static_cast<short>(wanted | (to_master_.empty() ? 0 : POLLOUT));
  if (master_.valid() && !hung_up_ && wanted != 0) {
    slots[kMaster] = {master_.get(), wanted, 0};
  }
  if (output_.open && !to_output_.empty()) {
    slots[kOutput] = {output_.fd, POLLOUT, 0};
  }
  return slots;
}

int TerminalRelay::poll_timeout() const {
  if (!master_.valid()) {
    return -1;
  }
  if (hung_up_) {
    return kReopenPauseMs;
  }
  return child_exited_ && to_output_.empty() ? kQuietMs : -1;
}

void TerminalRelay::advance(const PollSlots& ready) {
  if ((ready[kInput].revents & kReadable) != 0) {
    read_input();
  }
  if (!to_master_.empty()) {
    write_master();
  }
  read_master((ready[kMaster].revents & kReadable) != 0);
  const bool writable = (ready[kOutput].revents & kWritable) != 0 || !output_.may_block;
  if (!to_output_.empty() && (writable || !output_.open)) {
    write_output();
  }
}

void TerminalRelay::read_input() {
  to_master_.data.resize(kBufferSize);
  to_master_.begin = 0;
  const ssize_t length = input_.is_socket
                             ? recv(input_.fd, to_master_.data.data(), kBufferSize, MSG_DONTWAIT)
                             : read(input_.fd, to_master_.data.data(), kBufferSize);
  // The end of input is not the end of the terminal: the container may go on writing.
  input_.open = length > 0 || (length < 0 && would_block(errno));
  to_master_.data.resize(length > 0 ? static_cast<size_t>(length) : 0);
}

void TerminalRelay::write_master() {
  const ssize_t length = write(master_.get(),
                               to_master_.data.data() + to_master_.begin,
                               to_master_.data.size() - to_master_.begin);
  if (length > 0) {
    to_master_.begin += static_cast<size_t>(length);
  } else if (length < 0 && !would_block(errno)) {
    to_master_.begin = to_master_.data.size();  // nobody to type to
  }
}

void TerminalRelay::read_master(bool ready) {
  if (!master_.valid() || !to_output_.empty() || (!ready && !hung_up_ && !child_exited_)) {
    return;
  }
  to_output_.data.resize(kBufferSize);
  to_output_.begin = 0;
  const ssize_t length = read(master_.get(), to_output_.data.data(), kBufferSize);
  const int err = errno;
  to_output_.data.resize(length > 0 ? static_cast<size_t>(length) : 0);
  hung_up_ = length == 0 || (length < 0 && !would_block(err));
  if (!child_exited_) {
    return;
  }
  drained_ += length > 0 ? static_cast<size_t>(length) : 0;
  // EIO comes only after everything in the pty has been read. While others keep it open there is no
  // such sign, and only silence or the amount can end it.
  const bool silent = length < 0 && now_ms() - quiet_since_ms_ >= kQuietMs;
  if (length > 0) {
    quiet_since_ms_ = now_ms();
  }
  if (hung_up_ || silent || drained_ >= kMaxDrain) {
    master_.reset();
  }
}

void TerminalRelay::write_output() {
  if (!output_.open) {
    to_output_.begin = to_output_.data.size();  // the reader has gone; the container need not stop
    return;
  }
  const char* from = to_output_.data.data() + to_output_.begin;
  size_t size = to_output_.data.size() - to_output_.begin;
  if (output_.may_block) {
    size = std::min(size, kPoliteWrite);
  }
  const ssize_t length = output_.is_socket
                             ? send(output_.fd, from, size, MSG_DONTWAIT | MSG_NOSIGNAL)
                             : write(output_.fd, from, size);
  if (length > 0) {
    to_output_.begin += static_cast<size_t>(length);
    quiet_since_ms_ = now_ms();  // a slow reader's time is no silence of the container
  } else if (length < 0 && !would_block(errno)) {
    output_.open = false;
  }
}

void TerminalRelay::child_exited() {
  if (!std::exchange(child_exited_, true)) {
    quiet_since_ms_ = now_ms();
    to_master_.begin = to_master_.data.size();
  }
}

bool TerminalRelay::finished() const {
  return child_exited_ && !master_.valid() && (to_output_.empty() || !output_.open);
}

}  // namespace redoubt::launch
