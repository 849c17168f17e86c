#include "escalate-vm/monitor/flow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/str.h"

namespace redoubt::vm {
namespace {

// Another description of the same pipe or terminal, non-blocking; -1 for what cannot be opened so.
UniqueFd open_again(int fd) {
  struct stat st {};
  if (::fstat(fd, &st) != 0 || !(S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && ::isatty(fd) == 1))) {
    return UniqueFd();
  }
  return UniqueFd(
      ::open(concat("/proc/self/fd/", fd).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

}  // namespace

pollfd Inflow::wish(const Channel& channel) const {
  const bool wanted = fd_.valid() && channel.is_open(stream_) && channel.writable(stream_) > 0;
  return {wanted ? fd_.get() : -1, POLLIN, 0};
}

void Inflow::move(Channel& channel) {
  if (!fd_.valid()) {
    return;
  }
  if (!channel.is_open(stream_)) {
    fd_.reset();
    return;
  }
  char buffer[kMaxPayload];
  const size_t room = std::min(sizeof buffer, channel.writable(stream_));
  if (room == 0) {
    return;
  }
  const ssize_t n = ::read(fd_.get(), buffer, room);
  if (n > 0) {
    channel.send(stream_, {buffer, static_cast<size_t>(n)});
  } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
    end(channel);
  }
}

void Inflow::end(Channel& channel) {
  fd_.reset();
  if (!shared_) {
    channel.close(stream_);
  }
}

Outflow::Outflow(UniqueFd fd, uint32_t stream) : fd_(std::move(fd)), stream_(stream), piece_(PIPE_BUF) {
  if (UniqueFd again = open_again(fd_.get()); again.valid()) {
    fd_ = std::move(again);
    piece_ = Channel::kWindow;
  }
}

pollfd Outflow::wish(const Channel& channel) const {
  const bool wanted = fd_.valid() && channel.is_open(stream_) && !channel.received(stream_).empty();
  return {wanted ? fd_.get() : -1, POLLOUT, 0};
}

void Outflow::move(Channel& channel) {
  if (!fd_.valid() || !channel.is_open(stream_)) {
    fd_.reset();
    return;
  }
  const std::string_view data = channel.received(stream_);
  if (!data.empty()) {
    const ssize_t n = ::write(fd_.get(), data.data(), std::min(data.size(), piece_));
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
      end(channel);
      return;
    }
    channel.consume(stream_, n > 0 ? static_cast<size_t>(n) : 0);
  }
  if (channel.peer_ended(stream_) && channel.received(stream_).empty()) {
    end(channel);
  }
}

void Outflow::end(Channel& channel) {
  fd_.reset();
  channel.close(stream_);
}

}  // namespace redoubt::vm
