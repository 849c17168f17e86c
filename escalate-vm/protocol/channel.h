// Channel: messages and streams over one non-blocking descriptor, for both ends of the machine's
// control port.
//
// A stream goes both ways; each direction has a window of 262144 bytes, so that what one stream
// holds here is bounded whatever the peer does, and a slow reader stops only its own writer. Both
// sides open a stream at the request that names it. Frames of a stream that was closed here are
// dropped (they may cross on the way); those of one that was never opened, or beyond the window,
// are a violation. A violation, like every error of receive() and flush(), ends the connection: the
// channel is of no use afterwards.
//
// A loop polls fd() for events(), calls receive() when it is readable, moves bytes as on_stream()
// asks, and flush()es before it polls again.
#ifndef REDOUBT_ESCALATE_VM_PROTOCOL_CHANNEL_H_
#define REDOUBT_ESCALATE_VM_PROTOCOL_CHANNEL_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "escalate-vm/protocol/frame.h"

namespace redoubt::vm {

class ChannelHandler {
 public:
  // A whole message; not yet looked at. An error ends the connection.
  virtual Status on_message(std::string_view text) = 0;
  // Bytes, the end or new credit came for an open stream.
  virtual void on_stream(uint32_t stream) = 0;

 protected:
  ~ChannelHandler() = default;
};

class Channel {
 public:
  static constexpr uint32_t kWindow = 262144;
  static constexpr size_t kMaxMessage = size_t{4} << 20;
  // Data is no longer taken while more than this waits for the descriptor ...
  static constexpr size_t kBusyQueue = size_t{1} << 18;
  // ... nor is credit given back; and a peer that lets this much wait, which only messages can reach, does not read.
  static constexpr size_t kMaxQueue = size_t{32} << 20;

  // Preconditions: the descriptor is non-blocking; the handler outlives the channel. max_message: of
  // those that come.
  Channel(UniqueFd fd, ChannelHandler& handler, size_t max_message = kMaxMessage)
      : fd_(std::move(fd)), handler_(handler), max_message_(max_message) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int fd() const { return fd_.get(); }
  short events() const;

  // Reads once and hands out what is whole; false: the peer hung up.
  Result<bool> receive();
  // Writes what the descriptor takes.
  Status flush();
  size_t queued() const { return queue_.size() - written_; }

  Status send_message(std::string_view text);

  // window: what the peer may send; 0 for a stream that carries nothing this way but its end.
  Status open(uint32_t stream, uint32_t window = kWindow);
  bool is_open(uint32_t stream) const { return streams_.contains(stream); }
  // A request that named the stream failed before it was opened: what the peer has sent on it already
  // is dropped, as for one that was closed.
  void refuse(uint32_t stream) { highest_ = std::max(highest_, stream); }
  // Ends our direction and forgets the stream. What was sent before still goes out.
  void close(uint32_t stream);

  // The rest are for open streams.
  // How many bytes send() takes now.
  size_t writable(uint32_t stream) const;
  void send(uint32_t stream, std::string_view bytes);
  // What came and was not consumed; valid until the channel is used again.
  std::string_view received(uint32_t stream) const;
  void consume(uint32_t stream, size_t count);
  // Whether the peer ended its direction. Bytes may be left in received().
  bool peer_ended(uint32_t stream) const;

 private:
  struct Stream {
    std::string received{};
    uint32_t send_credit = kWindow;
    uint32_t receive_credit = kWindow;  // what the peer may still send
    uint32_t owed = 0;                  // consumed, and not yet given back
    bool peer_ended = false;
  };

  void give_back(uint32_t stream, Stream& from);
  Status take(const Frame& frame);
  Status take_message(const Frame& frame);
  Status take_stream_frame(const Frame& frame, Stream& stream);

  UniqueFd fd_;
  ChannelHandler& handler_;
  size_t max_message_;
  FrameDecoder decoder_;
  std::string message_;  // the pieces so far
  std::string queue_;
  size_t written_ = 0;  // bytes at the front of queue_ that are gone
  std::map<uint32_t, Stream> streams_;
  uint32_t highest_ = 0;  // of all streams that were ever open
};

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_PROTOCOL_CHANNEL_H_
