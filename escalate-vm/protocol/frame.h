// Frames: what the byte stream between the machine's monitor and the agent in the guest consists
// of.
//
// A header of 12 bytes, little endian: payload length (u32, at most 65536), stream (u32), kind
// (u16), flags (u16). Either side may be hostile to the other, so the decoder refuses whatever the
// encoder would not write, holds at most one unfinished frame, and stays failed after the first
// error. Used by Channel.
#ifndef REDOUBT_ESCALATE_VM_PROTOCOL_FRAME_H_
#define REDOUBT_ESCALATE_VM_PROTOCOL_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redoubt::vm {

constexpr size_t kFrameHeaderSize = 12;
constexpr size_t kMaxPayload = 65536;

enum class FrameKind : uint16_t {
  kMessage = 1,  // a piece of a JSON object, on stream 0
  kData = 2,     // bytes of a stream
  kWindow = 3,   // credit that the receiver of a stream gives back: u32, never 0
  kEnd = 4,      // no more data in this direction
};

struct Frame {
  FrameKind kind = FrameKind::kMessage;
  uint32_t stream = 0;
  bool more = false;         // of a message: pieces follow
  std::string_view payload;  // valid until the decoder is called again
  uint32_t credit = 0;       // of kWindow
};

// Append one frame. Preconditions: the payload has at most kMaxPayload bytes, a stream is not 0, a
// credit is not 0.
void append_data(std::string& out, uint32_t stream, std::string_view payload);
void append_window(std::string& out, uint32_t stream, uint32_t credit);
void append_end(std::string& out, uint32_t stream);

// Appends a whole message, in as many frames as it needs.
void append_message(std::string& out, std::string_view text);

class FrameDecoder {
 public:
  // Takes bytes as they came.
  void feed(std::string_view bytes);

  // The next whole frame, or nothing until more bytes are fed.
  Result<std::optional<Frame>> next();

 private:
  Error fail(Error error);

  std::string buffer_;
  size_t taken_ = 0;  // bytes at the front of buffer_ that were handed out
  std::optional<Error> failure_;
};

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_PROTOCOL_FRAME_H_
