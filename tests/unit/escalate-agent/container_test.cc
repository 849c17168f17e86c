#include "escalate-vm/guest/agent/container.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::agent {
namespace {

TEST(CountOomKills, ReadsItsOwnLineOnly) {
  EXPECT_EQ(count_oom_kills("low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\noom_group_kill 7\n"), 3u);
  EXPECT_EQ(count_oom_kills("oom 4\n"), 0u);
  EXPECT_EQ(count_oom_kills("oom_kill x\n"), 0u);
  EXPECT_EQ(count_oom_kills(""), 0u);
}

class ConsoleSocketTest : public testing::Test {
 protected:
  std::string path = concat(testing::TempDir(), "console.", ::getpid());

  // As a runtime sends a terminal: some bytes and a descriptor.
  void send_descriptor(int fd) {
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    char name[] = "/dev/ptmx";
    iovec part = {name, sizeof name};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (fd >= 0) {
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof(int));
      memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    ASSERT_GT(::sendmsg(socket.get(), &message, 0), 0);
  }
};

TEST_F(ConsoleSocketTest, ReceivesTheDescriptor) {
  const Result<UniqueFd> listener = listen_for_terminal(path);
  ASSERT_TRUE(listener);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]), writer(ends[1]);
  send_descriptor(writer.get());
  const Result<UniqueFd> received = receive_terminal(*listener);
  ASSERT_TRUE(received) << received.error().message();
  struct stat sent {
  }, got{};
  ASSERT_EQ(::fstat(writer.get(), &sent), 0);
  ASSERT_EQ(::fstat(received->get(), &got), 0);
  EXPECT_EQ(sent.st_ino, got.st_ino);
}

TEST_F(ConsoleSocketTest, RefusesAMessageWithoutOneAndNeverWaits) {
  const Result<UniqueFd> listener = listen_for_terminal(path);
  ASSERT_TRUE(listener);
  EXPECT_FALSE(receive_terminal(*listener));
  send_descriptor(-1);
  EXPECT_FALSE(receive_terminal(*listener));
}

}  // namespace
}  // namespace redoubt::agent
