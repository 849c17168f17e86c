#include "escalate-vm/protocol/frame.h"

#include <cassert>

#include "base/str.h"

namespace redoubt::vm {
namespace {

constexpr uint16_t kFlagMore = 1;

struct Header {
  uint32_t length, stream;
  uint16_t kind, flags;
};

template <typename T>
void append_little_endian(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<char>(value >> (8 * i)));
  }
}

template <typename T>
T little_endian(std::string_view bytes) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(
        value | static_cast<T>(static_cast<T>(static_cast<uint8_t>(bytes[i])) << (8 * i)));
  }
  return value;
}

void append_frame(
    std::string& out, FrameKind kind, uint32_t stream, uint16_t flags, std::string_view payload) {
  assert(payload.size() <= kMaxPayload);
  append_little_endian(out, static_cast<uint32_t>(payload.size()));
  append_little_endian(out, stream);
  append_little_endian(out, static_cast<uint16_t>(kind));
  append_little_endian(out, flags);
  out.append(payload);
}

Header read_header(std::string_view bytes) {
  return {little_endian<uint32_t>(bytes),
          little_endian<uint32_t>(bytes.substr(4)),
          little_endian<uint16_t>(bytes.substr(8)),
          little_endian<uint16_t>(bytes.substr(10))};
}

// What is wrong with a header, before its payload is waited for.
Status check_header(const Header& header) {
  if (header.length > kMaxPayload) {
    return Error::invalid(concat("frame: length ", header.length, ", at most ", kMaxPayload));
  }
  if (header.kind < static_cast<uint16_t>(FrameKind::kMessage) ||
      header.kind > static_cast<uint16_t>(FrameKind::kEnd)) {
    return Error::invalid(concat("frame: unknown kind ", header.kind));
  }
  const bool is_message = header.kind == static_cast<uint16_t>(FrameKind::kMessage);
  if (is_message != (header.stream == 0)) {
    return Error::invalid(concat("frame: kind ", header.kind, " on stream ", header.stream));
  }
  if (header.flags > (is_message ? kFlagMore : 0)) {
    return Error::invalid(concat("frame: unknown flags ", header.flags, " for kind ", header.kind));
  }
  const bool is_window = header.kind == static_cast<uint16_t>(FrameKind::kWindow);
  if (is_window && header.length != sizeof(uint32_t)) {
    return Error::invalid(concat("frame: window of ", header.length, " bytes, must be 4"));
  }
  if (header.kind == static_cast<uint16_t>(FrameKind::kEnd) && header.length != 0) {
    return Error::invalid(
        concat("frame: end with ", header.length, " bytes of payload, must have none"));
  }
  return {};
}

}  // namespace

void append_data(std::string& out, uint32_t stream, std::string_view payload) {
  assert(stream != 0);
  append_frame(out, FrameKind::kData, stream, 0, payload);
}

void append_window(std::string& out, uint32_t stream, uint32_t credit) {
  assert(stream != 0 && credit != 0);
  std::string payload;
  append_little_endian(payload, credit);
  append_frame(out, FrameKind::kWindow, stream, 0, payload);
}

void append_end(std::string& out, uint32_t stream) {
  assert(stream != 0);
  append_frame(out, FrameKind::kEnd, stream, 0, {});
}

void append_message(std::string& out, std::string_view text) {
  do {
    const std::string_view piece = text.substr(0, kMaxPayload);
    text.remove_prefix(piece.size());
    append_frame(out, FrameKind::kMessage, 0, text.empty() ? 0 : kFlagMore, piece);
  } while (!text.empty());
}

void FrameDecoder::feed(std::string_view bytes) {
  if (failure_) {
    return;
  }
  buffer_.erase(0, taken_);
  taken_ = 0;
  buffer_.append(bytes);
}

Error FrameDecoder::fail(Error error) {
  buffer_.clear();
  taken_ = 0;
  failure_ = std::move(error);
  return *failure_;
}

Result<std::optional<Frame>> FrameDecoder::next() {
  if (failure_) {
    return *failure_;
  }
  const std::string_view left = std::string_view(buffer_).substr(taken_);
  if (left.size() < kFrameHeaderSize) {
    return std::optional<Frame>();
  }
  const Header header = read_header(left);
  if (Status status = check_header(header); !status) {
    return fail(std::move(status).error());
  }
  if (left.size() - kFrameHeaderSize < header.length) {
    return std::optional<Frame>();
  }
  Frame frame;
  frame.kind = static_cast<FrameKind>(header.kind);
  frame.stream = header.stream;
  frame.more = (header.flags & kFlagMore) != 0;
  frame.payload = left.substr(kFrameHeaderSize, header.length);
  if (frame.kind == FrameKind::kWindow) {
    frame.credit = little_endian<uint32_t>(frame.payload);
    if (frame.credit == 0) {
      return fail(Error::invalid("frame: window of 0"));
    }
  }
  taken_ += kFrameHeaderSize + header.length;
  return std::optional<Frame>(frame);
}

}  // namespace redoubt::vm
