// The frames of the control port: no input may crash the decoder, and where the bytes are cut makes
// no difference.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "escalate-vm/protocol/frame.h"
#include "expect.h"

namespace {

using redoubt::vm::Frame;
using redoubt::vm::FrameDecoder;
using redoubt::vm::FrameKind;

constexpr size_t kSingly = 4096;  // longer inputs cut into single bytes take too long

void append(std::string& out, const Frame& frame) {
  switch (frame.kind) {
    case FrameKind::kMessage:
      out += std::string_view("\1\0", 2);
      out += frame.more ? 'm' : '.';
      out += frame.payload;
      return;
    case FrameKind::kData:
      return redoubt::vm::append_data(out, frame.stream, frame.payload);
    case FrameKind::kWindow:
      return redoubt::vm::append_window(out, frame.stream, frame.credit);
    case FrameKind::kEnd:
      return redoubt::vm::append_end(out, frame.stream);
  }
}

// All frames as text, and the error, from bytes that come in pieces.
std::string decode(std::string_view bytes, size_t piece) {
  FrameDecoder decoder;
  std::string out;
  while (!bytes.empty()) {
    decoder.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      const redoubt::Result<std::optional<Frame>> frame = decoder.next();
      if (!frame) {
        redoubt::expect_message(frame.error().message());
        return out + frame.error().message();
      }
      if (!*frame) {
        break;
      }
      redoubt::expect((*frame)->payload.size() <= redoubt::vm::kMaxPayload, "payload is bounded");
      append(out, **frame);
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = decode(bytes, size + 1);
  if (size <= kSingly) {
    redoubt::expect(decode(bytes, 1) == whole, "cut into single bytes the frames are the same");
  }
  redoubt::expect(decode(bytes, 1000) == whole, "cut into pieces the frames are the same");
  return 0;
}
