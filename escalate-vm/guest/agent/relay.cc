#include "escalate-vm/guest/agent/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "sandbox/terminal.h"

namespace redoubt::agent {
namespace {

// Only our end is non-blocking: the flag belongs to the open file, and the other end is the
// program's.
Status set_nonblocking(int fd) {
  if (::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK) != 0) {
    return Error::system(errno, "fcntl");
  }
  return {};
}

Status make_pipe(UniqueFd& reader, UniqueFd& writer) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return Error::system(errno, "pipe");
  }
  reader.reset(ends[0]);
  writer.reset(ends[1]);
  return {};
}

bool must_wait() {
  return errno == EAGAIN || errno == EINTR;
}

}  // namespace

Result<Relay> Relay::open(vm::Channel& channel, const vm::Stdio& stdio, ChildStdio& child) {
  Relay out;
  for (const uint32_t stream : stdio.streams()) {
    if (channel.is_open(stream)) {
      return Error::invalid("streams: a number is in use");
    }
  }
  if (stdio.in) {
    TRY(make_pipe(child.in, out.inputs_.emplace_back(*stdio.in).fd));
    TRY(set_nonblocking(out.inputs_.back().fd.get()));
  }
  for (const auto& [stream, child_fd] :
       {std::pair(stdio.out, &child.out), std::pair(stdio.err, &child.err)}) {
    if (stream) {
      TRY(make_pipe(out.outputs_.emplace_back(*stream).fd, *child_fd));
      TRY(set_nonblocking(out.outputs_.back().fd.get()));
    }
  }
  out.terminal_stream_ = stdio.terminal.value_or(0);
  for (const uint32_t stream : stdio.streams()) {
    TRY(channel.open(stream));
  }
  return out;
}

Status Relay::set_terminal(UniqueFd master, vm::WindowSize size) {
  TRY(set_nonblocking(master.get()));
  for (std::vector<End>* ends : {&inputs_, &outputs_}) {
    UniqueFd copy(::fcntl(master.get(), F_DUPFD_CLOEXEC, 3));
    if (!copy.valid()) {
      return Error::system(errno, "duplicate the terminal");
    }
    ends->push_back({terminal_stream_, std::move(copy)});
  }
  terminal_ = std::move(master);
  return resize(size);
}

Status Relay::resize(vm::WindowSize size) const {
  if (!terminal_.valid()) {
    return Error::state("the process has no terminal");
  }
  return sandbox::set_window_size(terminal_.get(), size.rows, size.columns);
}

void Relay::add_interest(vm::Channel& channel, std::vector<pollfd>& out) const {
  for (const End& end : inputs_) {
    // Without events too: it tells when the last reader is gone.
    const bool waiting = channel.is_open(end.stream) && !channel.received(end.stream).empty();
    if (waiting || end.stream != terminal_stream_) {
      out.push_back({end.fd.get(), static_cast<short>(waiting ? POLLOUT : 0), 0});
    }
  }
  for (const End& end : outputs_) {
    // Not at all while there is no credit: a hang-up would be told again and again.
    if (channel.is_open(end.stream) && channel.writable(end.stream) > 0) {
      out.push_back({end.fd.get(), POLLIN, 0});
    }
  }
}

void Relay::move(vm::Channel& channel) {
  std::erase_if(outputs_, [&](End& end) { return !move_output(channel, end); });
  std::erase_if(inputs_, [&](End& end) { return !move_input(channel, end); });
}

void Relay::close(vm::Channel& channel) {
  for (const std::vector<End>* ends : {&inputs_, &outputs_}) {
    for (const End& end : *ends) {
      channel.close(end.stream);
    }
  }
  if (terminal_stream_ != 0) {
    channel.close(terminal_stream_);
  }
  *this = Relay();
}

// False: this direction is over.
bool Relay::move_input(vm::Channel& channel, End& end) {
  if (!channel.is_open(end.stream)) {
    return false;
  }
  while (!channel.received(end.stream).empty()) {
    const std::string_view bytes = channel.received(end.stream);
    const ssize_t written = ::write(end.fd.get(), bytes.data(), bytes.size());
    if (written < 0 && must_wait()) {
      return true;
    }
    if (written < 0) {
      channel.close(end.stream);
      return false;
    }
    channel.consume(end.stream, static_cast<size_t>(written));
  }
  pollfd reader = {end.fd.get(), 0, 0};
  const bool has_reader = ::poll(&reader, 1, 0) == 0;
  // The end of a terminal's input means nothing to it.
  const bool is_terminal = end.stream == terminal_stream_;
  if (is_terminal || (has_reader && !channel.peer_ended(end.stream))) {
    return true;
  }
  channel.close(end.stream);
  return false;
}

bool Relay::move_output(vm::Channel& channel, End& end) {
  const bool is_terminal = end.stream == terminal_stream_;
  if (!channel.is_open(end.stream) || (channel.peer_ended(end.stream) && !is_terminal)) {
    channel.close(end.stream);
    return false;
  }
  char buffer[vm::kMaxPayload];
  const size_t room = std::min(channel.writable(end.stream), sizeof buffer);
  if (room == 0) {
    return true;
  }
  const ssize_t length = ::read(end.fd.get(), buffer, room);
  if (length > 0) {
    channel.send(end.stream, {buffer, static_cast<size_t>(length)});
    return true;
  }
  if (length < 0 && must_wait()) {
    return true;
  }
  channel.close(end.stream);  // no writer is left; a terminal says EIO
  return false;
}

}  // namespace redoubt::agent
