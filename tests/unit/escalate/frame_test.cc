#include "escalate-vm/protocol/frame.h"

#include <gtest/gtest.h>

namespace redoubt::vm {
namespace {

std::string raw(uint32_t length,
                uint32_t stream,
                uint16_t kind,
                uint16_t flags,
                std::string_view payload = {}) {
  std::string out;
  for (const auto& [value, size] :
       {std::pair<uint32_t, int>{length, 4}, {stream, 4}, {kind, 2}, {flags, 2}}) {
    for (int i = 0; i < size; ++i) {
      out.push_back(static_cast<char>(value >> (8 * i)));
    }
  }
  return out.append(payload);
}

std::string frame_refusal(std::string_view bytes) {
  FrameDecoder decoder;
  decoder.feed(bytes);
  const Result<std::optional<Frame>> frame = decoder.next();
  return frame ? "" : frame.error().message();
}

TEST(FrameEncoder, WritesTheHeaderLittleEndian) {
  std::string out;
  append_data(out, 0x01020304, "ab");
  EXPECT_EQ(out, std::string("\x02\0\0\0\x04\x03\x02\x01\x02\0\0\0ab", 14));
  out.clear();
  append_window(out, 1, 0xfffefdfc);
  EXPECT_EQ(out, std::string("\x04\0\0\0\x01\0\0\0\x03\0\0\0\xfc\xfd\xfe\xff", 16));
}

TEST(FrameEncoder, SplitsALongMessageAndMarksAllButTheLastPiece) {
  std::string out;
  append_message(out, std::string(kMaxPayload + 1, 'x'));
  FrameDecoder decoder;
  decoder.feed(out);
  const Frame first = **decoder.next();
  EXPECT_TRUE(first.more);
  EXPECT_EQ(first.payload.size(), kMaxPayload);
  const Frame second = **decoder.next();
  EXPECT_FALSE(second.more);
  EXPECT_EQ(second.payload, "x");
  EXPECT_FALSE(decoder.next()->has_value());
}

TEST(FrameEncoder, WritesAMessageThatFitsExactlyAsOneFrame) {
  std::string out;
  append_message(out, std::string(kMaxPayload, 'x'));
  EXPECT_EQ(out.size(), kFrameHeaderSize + kMaxPayload);
}

TEST(FrameDecoder, ReadsFramesThatComeByteByByte) {
  std::string bytes;
  append_data(bytes, 7, "hello");
  append_window(bytes, 7, 70000);
  append_end(bytes, 7);
  append_message(bytes, "{}");
  FrameDecoder decoder;
  std::vector<Frame> frames;
  std::string payloads;
  for (const char byte : bytes) {
    decoder.feed({&byte, 1});
    while (const std::optional<Frame> frame = *decoder.next()) {
      frames.push_back(*frame);
      payloads += frame->kind == FrameKind::kWindow ? "" : frame->payload;
    }
  }
  ASSERT_EQ(frames.size(), 4u);
  EXPECT_EQ(frames[0].kind, FrameKind::kData);
  EXPECT_EQ(frames[0].stream, 7u);
  EXPECT_EQ(frames[1].credit, 70000u);
  EXPECT_EQ(frames[2].kind, FrameKind::kEnd);
  EXPECT_EQ(frames[3].kind, FrameKind::kMessage);
  EXPECT_EQ(payloads, "hello{}");
}

TEST(FrameDecoder, RefusesWhatTheEncoderWouldNotWrite) {
  const struct {
    std::string bytes, says;
  } cases[] = {
      {raw(65537, 1, 2, 0), "length 65537"},
      {raw(0xffffffff, 1, 2, 0), "length 4294967295"},
      {raw(0, 1, 0, 0), "unknown kind 0"},
      {raw(0, 1, 5, 0), "unknown kind 5"},
      {raw(0, 0, 2, 0), "kind 2 on stream 0"},
      {raw(2, 1, 1, 0, "{}"), "kind 1 on stream 1"},
      {raw(2, 0, 1, 2, "{}"), "unknown flags 2"},
      {raw(0, 1, 4, 1), "unknown flags 1"},
      {raw(3, 1, 3, 0, "abc"), "window of 3 bytes"},
      {raw(4, 1, 3, 0, std::string(4, '\0')), "window of 0"},
      {raw(1, 1, 4, 0, "x"), "end with 1 bytes"},
  };
  for (const auto& each : cases) {
    EXPECT_NE(frame_refusal(each.bytes).find(each.says), std::string::npos)
        << each.says << " in: " << frame_refusal(each.bytes);
  }
}

TEST(FrameDecoder, RefusesALengthBeforeItsPayloadComes) {
  EXPECT_NE(frame_refusal(raw(65537, 1, 2, 0).substr(0, kFrameHeaderSize)), "");
}

TEST(FrameDecoder, StaysFailed) {
  FrameDecoder decoder;
  decoder.feed(raw(0, 1, 9, 0));
  ASSERT_FALSE(decoder.next());
  std::string good;
  append_end(good, 1);
  decoder.feed(good);
  EXPECT_FALSE(decoder.next());
}

}  // namespace
}  // namespace redoubt::vm
