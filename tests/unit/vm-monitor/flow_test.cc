#include "escalate-vm/monitor/flow.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include <memory>
#include <string>

namespace redoubt::vm {
namespace {

struct Nobody : ChannelHandler {
  Status on_message(std::string_view) override { return {}; }
  void on_stream(uint32_t) override {}
};

// Two channels on one socket pair, and a pipe for the flow's descriptor.
struct FlowTest : testing::Test {
  FlowTest() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    host = std::make_unique<Channel>(UniqueFd(fds[0]), nobody);
    guest = std::make_unique<Channel>(UniqueFd(fds[1]), nobody);
    EXPECT_EQ(::pipe2(fds, O_CLOEXEC), 0);
    reader.reset(fds[0]);
    writer.reset(fds[1]);
    EXPECT_TRUE(host->open(1).has_value());
    EXPECT_TRUE(guest->open(1).has_value());
  }

  void exchange() {
    for (int i = 0; i < 64; ++i) {
      EXPECT_TRUE(host->flush().has_value());
      EXPECT_TRUE(guest->flush().has_value());
      EXPECT_TRUE(host->receive().has_value());
      EXPECT_TRUE(guest->receive().has_value());
    }
  }

  Nobody nobody;
  std::unique_ptr<Channel> host, guest;
  UniqueFd reader, writer;
};

TEST_F(FlowTest, InputAndItsEndReachTheGuest) {
  Inflow flow(std::move(reader), 1, false);
  ASSERT_EQ(::write(writer.get(), "abc", 3), 3);
  flow.move(*host);
  writer.reset();
  flow.move(*host);
  exchange();
  EXPECT_EQ(guest->received(1), "abc");
  EXPECT_TRUE(guest->peer_ended(1));
  EXPECT_EQ(flow.wish(*host).fd, -1);
}

TEST_F(FlowTest, InputStopsAtTheWindowOfAGuestThatDoesNotRead) {
  Inflow flow(UniqueFd(::open("/dev/zero", O_RDONLY | O_CLOEXEC)), 1, false);
  for (int i = 0; i < 100; ++i) {
    flow.move(*host);
    exchange();
  }
  EXPECT_EQ(guest->received(1).size(), size_t{Channel::kWindow});
  EXPECT_EQ(flow.wish(*host).fd, -1);
}

TEST_F(FlowTest, OutputAndItsEndReachTheDescriptor) {
  Outflow flow(std::move(writer), 1);
  guest->send(1, "xyz");
  guest->close(1);
  exchange();
  flow.move(*host);
  flow.move(*host);
  EXPECT_TRUE(flow.done());
  char text[8] = {};
  EXPECT_EQ(::read(reader.get(), text, sizeof text), 3);
  EXPECT_EQ(::read(reader.get(), text, sizeof text), 0);
}

TEST_F(FlowTest, OutputWaitsForASlowReaderWithoutBlocking) {
  Outflow flow(std::move(writer), 1);
  guest->send(1, std::string(Channel::kWindow, 'x'));
  exchange();
  flow.move(*host);
  EXPECT_FALSE(host->received(1).empty());  // a pipe holds 64 KiB
  EXPECT_GE(flow.wish(*host).fd, 0);
}

TEST_F(FlowTest, AReaderThatIsGoneEndsTheStreamForTheGuest) {
  ::signal(SIGPIPE, SIG_IGN);
  Outflow flow(std::move(writer), 1);
  reader.reset();
  guest->send(1, "xyz");
  exchange();
  flow.move(*host);
  exchange();
  EXPECT_TRUE(flow.done());
  EXPECT_TRUE(guest->peer_ended(1));
}

}  // namespace
}  // namespace redoubt::vm
