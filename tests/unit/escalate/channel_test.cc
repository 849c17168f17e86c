#include "escalate-vm/protocol/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "base/io.h"

namespace redoubt::vm {
namespace {

struct Recorder : ChannelHandler {
  Status on_message(std::string_view text) override {
    messages.emplace_back(text);
    return verdict;
  }
  void on_stream(uint32_t stream) override {
    touched.push_back(stream);
    if (on_touch) {
      on_touch(stream);
    }
  }
  std::vector<std::string> messages;
  std::vector<uint32_t> touched;
  std::function<void(uint32_t)> on_touch;
  Status verdict;
};

class ChannelTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    left = std::make_unique<Channel>(UniqueFd(ends[0]), left_events);
    right = std::make_unique<Channel>(UniqueFd(ends[1]), right_events);
  }

  // Both ends move bytes until nothing moves; the first error.
  Status settle() {
    for (bool moved = true; moved;) {
      moved = false;
      for (Channel* each : {left.get(), right.get()}) {
        moved = moved || each->queued() > 0;
        TRY(each->flush());
        pollfd ready = {each->fd(), POLLIN, 0};
        if (poll(&ready, 1, 0) == 1) {
          TRY_ASSIGN(const bool alive, each->receive());
          moved = moved || alive;
        }
      }
    }
    return {};
  }

  // Writes frames as a peer that ignores the rules.
  Status forge(const std::string& bytes) {
    TRY(write_all(left->fd(), bytes, "socket"));
    for (size_t i = 0; i <= bytes.size() / kMaxPayload; ++i) {
      TRY_ASSIGN(const bool alive, right->receive());
      EXPECT_TRUE(alive);
    }
    return {};
  }

  void open_on_both(uint32_t stream) {
    ASSERT_TRUE(left->open(stream));
    ASSERT_TRUE(right->open(stream));
  }

  Recorder left_events, right_events;
  std::unique_ptr<Channel> left, right;
};

TEST_F(ChannelTest, CarriesAMessageOfTheGreatestSizeWhole) {
  const std::string text(Channel::kMaxMessage, 'm');
  ASSERT_TRUE(left->send_message(text));
  ASSERT_TRUE(settle());
  ASSERT_EQ(right_events.messages.size(), 1u);
  EXPECT_EQ(right_events.messages[0], text);
  EXPECT_FALSE(left->send_message(text + "m"));
}

TEST_F(ChannelTest, RefusesAMessageThatGrowsBeyondTheLimit) {
  std::string bytes;
  append_message(bytes, std::string(Channel::kMaxMessage + 1, 'm'));
  fcntl(left->fd(), F_SETFL, 0);
  Status failed;
  for (size_t at = 0; at < bytes.size() && failed; at += 30000) {
    failed = forge(bytes.substr(at, 30000));
  }
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message(), "message of more than 4194304 bytes");
}

TEST_F(ChannelTest, HandsTheHandlersErrorOn) {
  right_events.verdict = Error::invalid("no such op");
  ASSERT_TRUE(left->send_message("{}"));
  const Status status = settle();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(), "no such op");
}

TEST_F(ChannelTest, StopsASenderAtTheWindowUntilBytesAreConsumed) {
  open_on_both(1);
  ASSERT_EQ(left->writable(1), Channel::kWindow);
  left->send(1, std::string(Channel::kWindow, 'd'));
  EXPECT_EQ(left->writable(1), 0u);
  ASSERT_TRUE(settle());
  EXPECT_EQ(left->writable(1), 0u);
  EXPECT_EQ(right->received(1).size(), Channel::kWindow);
  right->consume(1, 100000);
  ASSERT_TRUE(settle());
  EXPECT_EQ(left->writable(1), 100000u);
  EXPECT_EQ(left_events.touched, std::vector<uint32_t>{1});
}

TEST_F(ChannelTest, CarriesFarMoreThanAWindowBothWaysAtOnce) {
  open_on_both(1);
  size_t left_to_send = 5000000, right_to_send = 5000000, at_left = 0, at_right = 0;
  const auto pump = [](Channel& channel, size_t& to_send, size_t& arrived) {
    const size_t piece = std::min(channel.writable(1), to_send);
    channel.send(1, std::string(piece, 'd'));
    to_send -= piece;
    arrived += channel.received(1).size();
    channel.consume(1, channel.received(1).size());
  };
  left_events.on_touch = [&](uint32_t) { pump(*left, left_to_send, at_left); };
  right_events.on_touch = [&](uint32_t) { pump(*right, right_to_send, at_right); };
  left_events.on_touch(1);
  right_events.on_touch(1);
  ASSERT_TRUE(settle());
  EXPECT_EQ(at_left, 5000000u);
  EXPECT_EQ(at_right, 5000000u);
}

TEST_F(ChannelTest, OneStalledStreamDoesNotStopAnother) {
  open_on_both(1);
  open_on_both(2);
  left->send(1, std::string(Channel::kWindow, 'd'));
  left->send(2, "through");
  ASSERT_TRUE(settle());
  EXPECT_EQ(right->received(2), "through");
}

TEST_F(ChannelTest, TellsTheEndBehindTheLastBytes) {
  open_on_both(1);
  left->send(1, "last");
  left->close(1);
  ASSERT_TRUE(settle());
  EXPECT_EQ(right->received(1), "last");
  EXPECT_TRUE(right->peer_ended(1));
}

TEST_F(ChannelTest, DropsWhatCrossesAClose) {
  open_on_both(1);
  left->send(1, "late");
  right->close(1);
  ASSERT_TRUE(settle());
  EXPECT_FALSE(right->is_open(1));
  EXPECT_TRUE(right_events.touched.empty());
}

TEST_F(ChannelTest, DropsWhatCrossesARefusal) {
  ASSERT_TRUE(left->open(1));
  left->send(1, "sent along with a request that fails");
  left->close(1);
  right->refuse(1);
  ASSERT_TRUE(settle());
  EXPECT_FALSE(right->is_open(1));
  EXPECT_TRUE(right_events.touched.empty());
}

TEST_F(ChannelTest, RefusesDataBeyondTheWindow) {
  ASSERT_TRUE(right->open(1));
  Status status;
  for (int i = 0; i < 5 && status; ++i) {
    std::string bytes;
    append_data(bytes, 1, std::string(kMaxPayload, 'd'));
    status = forge(bytes);
  }
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(), "stream 1: more data than its window allows");
  EXPECT_LE(right->received(1).size(), Channel::kWindow);
}

TEST_F(ChannelTest, RefusesCreditForBytesThatWereNotSent) {
  ASSERT_TRUE(right->open(1));
  std::string bytes;
  append_window(bytes, 1, 1);
  const Status status = forge(bytes);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(), "stream 1: credit for more than was sent");
}

TEST_F(ChannelTest, RefusesDataAfterTheEnd) {
  ASSERT_TRUE(right->open(1));
  std::string bytes;
  append_end(bytes, 1);
  append_data(bytes, 1, "x");
  EXPECT_FALSE(forge(bytes));
}

TEST_F(ChannelTest, RefusesAStreamThatWasNeverOpened) {
  ASSERT_TRUE(right->open(1));
  std::string bytes;
  append_data(bytes, 2, "x");
  EXPECT_FALSE(forge(bytes));
}

TEST_F(ChannelTest, OpensNoStreamTwice) {
  ASSERT_TRUE(left->open(3));
  EXPECT_FALSE(left->open(3));
  EXPECT_FALSE(left->open(0));
}

TEST_F(ChannelTest, GivesUpOnAPeerThatDoesNotRead) {
  Status status;
  for (int i = 0; i < 9 && status; ++i) {
    status = left->send_message(std::string(Channel::kMaxMessage, 'm'));
  }
  EXPECT_FALSE(status);
  EXPECT_LE(left->queued(), Channel::kMaxQueue + kMaxPayload);
}

TEST_F(ChannelTest, TakesNoDataWhileMuchIsQueued) {
  open_on_both(1);
  ASSERT_TRUE(left->send_message(std::string(Channel::kBusyQueue + 1, 'm')));
  EXPECT_EQ(left->writable(1), 0u);
  ASSERT_TRUE(settle());
  EXPECT_EQ(left->writable(1), Channel::kWindow);
}

TEST_F(ChannelTest, TakesNothingButTheEndOnAStreamOfTheOtherDirection) {
  ASSERT_TRUE(right->open(1, 0));
  std::string bytes;
  append_data(bytes, 1, "x");
  const Status status = forge(bytes);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(), "stream 1: more data than its window allows");
}

TEST_F(ChannelTest, RefusesALongerMessageThanItWasTold) {
  right = std::make_unique<Channel>(UniqueFd(::dup(right->fd())), right_events, 1000);
  ASSERT_TRUE(left->send_message(std::string(1001, 'm')));
  const Status status = settle();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(), "message of more than 1000 bytes");
}

TEST_F(ChannelTest, GivesNoCreditToAPeerThatDoesNotReadUntilItDoes) {
  open_on_both(1);
  left->send(1, std::string(Channel::kWindow, 'd'));
  ASSERT_TRUE(left->flush());
  while (right->received(1).size() < Channel::kWindow) {
    ASSERT_TRUE(left->flush());
    ASSERT_TRUE(right->receive());
  }
  ASSERT_TRUE(right->send_message(std::string(Channel::kBusyQueue + 1, 'm')));
  const size_t queued = right->queued();
  right->consume(1, Channel::kWindow);
  EXPECT_EQ(right->queued(), queued);
  ASSERT_TRUE(settle());
  EXPECT_EQ(left->writable(1), Channel::kWindow);
}

TEST_F(ChannelTest, TellsThatThePeerHungUp) {
  right.reset();
  const Result<bool> alive = left->receive();
  ASSERT_TRUE(alive);
  EXPECT_FALSE(*alive);
}

}  // namespace
}  // namespace redoubt::vm
