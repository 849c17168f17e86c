#include "escalate-vm/protocol/channel.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>

#include "base/str.h"

namespace redoubt::vm {
namespace {

// Credit goes back in quarters of the window: few frames, and a sender that never waits for a
// reader that keeps up.
constexpr uint32_t kCreditStep = Channel::kWindow / 4;

}  // namespace

short Channel::events() const {
  return static_cast<short>(POLLIN | (queued() > 0 ? POLLOUT : 0));
}

Result<bool> Channel::receive() {
  char buffer[kMaxPayload];
  const ssize_t length = ::read(fd_.get(), buffer, sizeof buffer);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
    return true;
  }
  if (length < 0 && errno != ECONNRESET && errno != EPIPE) {
    return Error::system(errno, "read the control port");
  }
  if (length <= 0) {
    return false;
  }
  decoder_.feed({buffer, static_cast<size_t>(length)});
  for (;;) {
    TRY_ASSIGN(const std::optional<Frame> frame, decoder_.next());
    if (!frame) {
      return true;
    }
    TRY(take(*frame));
  }
}

Status Channel::flush() {
  while (queued() > 0) {
    const ssize_t length = ::write(fd_.get(), queue_.data() + written_, queued());
    if (length < 0 && errno == EINTR) {
      continue;
    }
    if (length < 0 && errno == EAGAIN) {
      break;
    }
    if (length < 0) {
      return Error::system(errno, "write the control port");
    }
    written_ += static_cast<size_t>(length);
  }
  if (queued() == 0 || written_ >= kBusyQueue) {
    queue_.erase(0, written_);
    written_ = 0;
  }
  for (auto& [number, stream] : streams_) {
    give_back(number, stream);
  }
  return {};
}

Status Channel::send_message(std::string_view text) {
  if (text.size() > kMaxMessage) {
    return Error::invalid(concat("message of ", text.size(), " bytes, at most ", kMaxMessage));
  }
  if (queued() + text.size() > kMaxQueue) {
    return Error::state(
        concat("control port: ", queued(), " bytes wait for a peer that does not read"));
  }
  append_message(queue_, text);
  return {};
}

Status Channel::open(uint32_t stream, uint32_t window) {
  if (stream == 0 || !streams_.try_emplace(stream, Stream{.receive_credit = window}).second) {
    return Error::invalid(
        concat("stream ", stream, stream == 0 ? " is for messages" : " is open already"));
  }
  highest_ = std::max(highest_, stream);
  return {};
}

void Channel::close(uint32_t stream) {
  if (streams_.erase(stream) != 0) {
    append_end(queue_, stream);
  }
}

size_t Channel::writable(uint32_t stream) const {
  return queued() > kBusyQueue ? 0 : streams_.at(stream).send_credit;
}

void Channel::send(uint32_t stream, std::string_view bytes) {
  Stream& to = streams_.at(stream);
  assert(bytes.size() <= to.send_credit);
  to.send_credit -= static_cast<uint32_t>(bytes.size());
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kMaxPayload);
    append_data(queue_, stream, piece);
    bytes.remove_prefix(piece.size());
  }
}

std::string_view Channel::received(uint32_t stream) const {
  return streams_.at(stream).received;
}

void Channel::consume(uint32_t stream, size_t count) {
  Stream& from = streams_.at(stream);
  assert(count <= from.received.size());
  from.received.erase(0, count);
  from.owed += static_cast<uint32_t>(count);
  give_back(stream, from);
}

// A peer that does not read what it is given has no more to send: credit would fill our memory.
void Channel::give_back(uint32_t stream, Stream& from) {
  if (from.owed >= kCreditStep && !from.peer_ended && queued() <= kBusyQueue) {
    append_window(queue_, stream, from.owed);
    from.receive_credit += from.owed;
    from.owed = 0;
  }
}

bool Channel::peer_ended(uint32_t stream) const {
  return streams_.at(stream).peer_ended;
}

Status Channel::take(const Frame& frame) {
  if (frame.kind == FrameKind::kMessage) {
    return take_message(frame);
  }
  if (frame.stream > highest_) {
    return Error::invalid(concat("stream ", frame.stream, " was never opened"));
  }
  const auto found = streams_.find(frame.stream);
  if (found == streams_.end()) {
    return {};
  }
  TRY(take_stream_frame(frame, found->second));
  handler_.on_stream(frame.stream);
  return {};
}

Status Channel::take_message(const Frame& frame) {
  if (message_.size() + frame.payload.size() > max_message_) {
    return Error::invalid(concat("message of more than ", max_message_, " bytes"));
  }
  message_.append(frame.payload);
  if (frame.more) {
    return {};
  }
  const std::string whole = std::exchange(message_, {});
  return handler_.on_message(whole);
}

Status Channel::take_stream_frame(const Frame& frame, Stream& stream) {
  if (frame.kind == FrameKind::kWindow) {
    if (frame.credit > kWindow - stream.send_credit) {
      return Error::invalid(concat("stream ", frame.stream, ": credit for more than was sent"));
    }
    stream.send_credit += frame.credit;
    return {};
  }
  if (stream.peer_ended) {
    return Error::invalid(concat("stream ", frame.stream, ": used after its end"));
  }
  if (frame.kind == FrameKind::kEnd) {
    stream.peer_ended = true;
    return {};
  }
  if (frame.payload.size() > stream.receive_credit) {
    return Error::invalid(concat("stream ", frame.stream, ": more data than its window allows"));
  }
  stream.receive_credit -= static_cast<uint32_t>(frame.payload.size());
  stream.received.reserve(kWindow);  // address space: a string that grows has its bytes twice meanwhile
  stream.received.append(frame.payload);
  return {};
}

}  // namespace redoubt::vm
