#include "escalate-vm/guest/agent/relay.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/io.h"

namespace redoubt::agent {
namespace {

struct Ignorer : vm::ChannelHandler {
  Status on_message(std::string_view /*text*/) override { return {}; }
  void on_stream(uint32_t /*stream*/) override {}
};

class RelayTest : public testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    guest = std::make_unique<vm::Channel>(UniqueFd(ends[0]), ignorer);
    host = std::make_unique<vm::Channel>(UniqueFd(ends[1]), ignorer);
  }

  void open(const vm::Stdio& stdio) {
    Result<Relay> opened = Relay::open(*guest, stdio, child);
    ASSERT_TRUE(opened) << opened.error().message();
    relay = *std::move(opened);
    for (const uint32_t stream : stdio.streams()) {
      ASSERT_TRUE(host->open(stream));
    }
  }

  // Some turns of the loop.
  void turn() {
    for (int i = 0; i < 20; ++i) {
      relay.move(*guest);
      for (vm::Channel* each : {guest.get(), host.get()}) {
        ASSERT_TRUE(each->flush());
        ASSERT_TRUE(each->receive());
      }
    }
  }

  std::string read_child(int fd) {
    char buffer[256];
    const ssize_t length = ::read(fd, buffer, sizeof buffer);
    return length > 0 ? std::string(buffer, static_cast<size_t>(length)) : "";
  }

  Ignorer ignorer;
  std::unique_ptr<vm::Channel> guest, host;
  ChildStdio child;
  Relay relay;
};

TEST_F(RelayTest, HandsInputOnAndClosesItAtTheEnd) {
  open({.in = 1, .out = {}, .err = {}, .terminal = {}, .size = {}});
  host->send(1, "words");
  host->close(1);
  turn();
  EXPECT_EQ(read_child(child.in.get()), "words");
  EXPECT_EQ(read_child(child.in.get()), "");
  EXPECT_FALSE(guest->is_open(1));
}

TEST_F(RelayTest, TellsWhenTheLastReaderIsGone) {
  open({.in = 1, .out = {}, .err = {}, .terminal = {}, .size = {}});
  turn();
  EXPECT_FALSE(host->peer_ended(1));
  child.in.reset();
  turn();
  EXPECT_TRUE(host->peer_ended(1));
}

TEST_F(RelayTest, KeepsOutputsApartAndEndsEachWithItsLastWriter) {
  open({.in = {}, .out = 2, .err = 3, .terminal = {}, .size = {}});
  ASSERT_TRUE(write_all(child.out.get(), "out", "pipe"));
  ASSERT_TRUE(write_all(child.err.get(), "err", "pipe"));
  child.out.reset();
  turn();
  EXPECT_EQ(host->received(2), "out");
  EXPECT_TRUE(host->peer_ended(2));
  EXPECT_EQ(host->received(3), "err");
  EXPECT_FALSE(host->peer_ended(3));
  EXPECT_FALSE(relay.outputs_ended());
  child.err.reset();
  turn();
  EXPECT_TRUE(relay.outputs_ended());
}

TEST_F(RelayTest, ClosesThePipeWhenTheHostsReaderIsGone) {
  open({.in = {}, .out = 2, .err = {}, .terminal = {}, .size = {}});
  host->close(2);
  turn();
  EXPECT_FALSE(write_all(child.out.get(), "x", "pipe"));
}

TEST_F(RelayTest, TakesNoMoreThanTheWindow) {
  open({.in = {}, .out = 2, .err = {}, .terminal = {}, .size = {}});
  ASSERT_EQ(::fcntl(child.out.get(), F_SETFL, O_NONBLOCK), 0);
  const std::string piece(4096, 'x');
  size_t written = 0;
  for (int i = 0; i < 400; ++i) {
    const ssize_t length = ::write(child.out.get(), piece.data(), piece.size());
    written += length > 0 ? static_cast<size_t>(length) : 0;
    turn();
  }
  EXPECT_EQ(host->received(2).size(), vm::Channel::kWindow);
  EXPECT_LT(written, vm::Channel::kWindow + 70000u);
  std::vector<pollfd> interest;
  relay.add_interest(*guest, interest);
  EXPECT_TRUE(interest.empty()) << "a hang-up would be told again and again";
}

TEST_F(RelayTest, RefusesAStreamThatIsInUse) {
  open({.in = 1, .out = {}, .err = {}, .terminal = {}, .size = {}});
  ChildStdio other;
  EXPECT_FALSE(
      Relay::open(*guest, {.in = 1, .out = {}, .err = {}, .terminal = {}, .size = {}}, other));
}

TEST_F(RelayTest, CarriesATerminalBothWays) {
  open({.in = {}, .out = {}, .err = {}, .terminal = 5, .size = {}});
  UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(master.valid());
  ASSERT_EQ(::unlockpt(master.get()), 0);
  char name[64];
  ASSERT_EQ(::ptsname_r(master.get(), name, sizeof name), 0);
  UniqueFd slave(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(slave.valid());
  ASSERT_TRUE(relay.set_terminal(std::move(master), {24, 80}));
  winsize size{};
  ASSERT_EQ(::ioctl(slave.get(), TIOCGWINSZ, &size), 0);
  EXPECT_EQ(size.ws_col, 80);
  host->send(5, "typed\n");
  turn();
  EXPECT_EQ(read_child(slave.get()), "typed\n");
  ASSERT_TRUE(write_all(slave.get(), "shown", "terminal"));
  turn();
  EXPECT_NE(host->received(5).find("shown"), std::string::npos);
  slave.reset();
  turn();
  EXPECT_TRUE(host->peer_ended(5));
  EXPECT_TRUE(relay.outputs_ended());
}

TEST_F(RelayTest, HasNothingToResizeWithoutATerminal) {
  open({.in = 1, .out = {}, .err = {}, .terminal = {}, .size = {}});
  EXPECT_FALSE(relay.resize({1, 1}));
}

}  // namespace
}  // namespace redoubt::agent
