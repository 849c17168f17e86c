#include "escalate-vm/monitor/exec_packet.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>

namespace redoubt::vm {
namespace {

struct Pair {
  UniqueFd a, b;
  Pair() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    a.reset(fds[0]);
    b.reset(fds[1]);
  }
};

TEST(ExecPacket, CarriesDescriptors) {
  const Pair pair;
  ASSERT_TRUE(send_exec_packet(pair.a.get(), {ExecWord::kExec, 5}, {0, 1, 2, pair.b.get()}).has_value());
  const Result<std::optional<ReceivedExecPacket>> received = receive_exec_packet(pair.b.get());
  ASSERT_TRUE(received.has_value() && received->has_value());
  EXPECT_EQ((*received)->packet.word, ExecWord::kExec);
  EXPECT_EQ((*received)->packet.value, 5);
  EXPECT_EQ((*received)->fds.size(), 4U);
}

TEST(ExecPacket, TheEndIsNoPacket) {
  Pair pair;
  pair.a.reset();
  const Result<std::optional<ReceivedExecPacket>> received = receive_exec_packet(pair.b.get());
  ASSERT_TRUE(received.has_value());
  EXPECT_FALSE(received->has_value());
}

TEST(ExecPacket, AnotherFormatIsAnError) {
  const Pair pair;
  ASSERT_EQ(::send(pair.a.get(), "hello", 5, 0), 5);
  EXPECT_FALSE(receive_exec_packet(pair.b.get()).has_value());
}

TEST(ExecPacket, ALongTextIsCut) {
  const ExecPacket packet = exec_failure(std::string(2000, 'x'));
  EXPECT_EQ(std::string(packet.text).size(), sizeof packet.text - 1);
}

}  // namespace
}  // namespace redoubt::vm
