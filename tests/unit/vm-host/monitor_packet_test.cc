#include "escalate-vm/host/monitor_packet.h"

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

TEST(MonitorPacket, CarriesDescriptors) {
  const Pair pair;
  ASSERT_TRUE(send_monitor_packet(pair.a.get(), {MonitorWord::kExec, 5}, {0, 1, 2, pair.b.get()}).has_value());
  const Result<std::optional<ReceivedMonitorPacket>> received = receive_monitor_packet(pair.b.get());
  ASSERT_TRUE(received.has_value() && received->has_value());
  EXPECT_EQ((*received)->packet.word, MonitorWord::kExec);
  EXPECT_EQ((*received)->packet.value, 5);
  EXPECT_EQ((*received)->fds.size(), 4U);
}

TEST(MonitorPacket, TheEndIsNoPacket) {
  Pair pair;
  pair.a.reset();
  const Result<std::optional<ReceivedMonitorPacket>> received = receive_monitor_packet(pair.b.get());
  ASSERT_TRUE(received.has_value());
  EXPECT_FALSE(received->has_value());
}

TEST(MonitorPacket, AnotherFormatIsAnError) {
  const Pair pair;
  ASSERT_EQ(::send(pair.a.get(), "hello", 5, 0), 5);
  EXPECT_FALSE(receive_monitor_packet(pair.b.get()).has_value());
}

TEST(MonitorPacket, ALongTextIsCut) {
  const MonitorPacket packet = monitor_failure(std::string(2000, 'x'));
  EXPECT_EQ(std::string(packet.text).size(), sizeof packet.text - 1);
}

TEST(DocumentFd, IsReadFromItsBeginningAndNoPipe) {
  const Result<UniqueFd> fd = document_fd("{\"id\":1}");
  ASSERT_TRUE(fd.has_value());
  const Result<std::string> text = read_document_fd(fd->get());
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(*text, "{\"id\":1}");
  const Pair pair;
  EXPECT_FALSE(read_document_fd(pair.a.get()).has_value());  // would wait for ever
}

}  // namespace
}  // namespace redoubt::vm
