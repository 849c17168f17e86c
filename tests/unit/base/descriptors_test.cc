#include "base/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt {
namespace {

struct Pair {
  UniqueFd ours, theirs;

  Pair() {
    int fds[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    ours.reset(fds[0]);
    theirs.reset(fds[1]);
  }
};

int open_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 256; ++fd) {
    count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  }
  return count;
}

TEST(Descriptors, TravelWithTheMessageAndAreClosedAtExec) {
  const Pair pair;
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int sent[] = {null.get(), STDIN_FILENO};
  ASSERT_EQ(send_with_descriptors(pair.theirs.get(), "abc", sent), 3);
  char bytes[8] = {};
  const MessageWithDescriptors received = receive_with_descriptors(pair.ours.get(), bytes, sizeof bytes);
  EXPECT_EQ(received.size, 3);
  EXPECT_STREQ(bytes, "abc");
  EXPECT_FALSE(received.truncated);
  ASSERT_EQ(received.fds.size(), 2u);
  EXPECT_NE(received.fds[0].get(), null.get());
  EXPECT_EQ(::fcntl(received.fds[0].get(), F_GETFD), FD_CLOEXEC);
}

TEST(Descriptors, MessagesNeedNone) {
  const Pair pair;
  ASSERT_EQ(send_with_descriptors(pair.theirs.get(), "x", {}), 1);
  char byte = 0;
  const MessageWithDescriptors received = receive_with_descriptors(pair.ours.get(), &byte, 1);
  EXPECT_EQ(received.size, 1);
  EXPECT_TRUE(received.fds.empty());
}

TEST(Descriptors, OfMoreThanFitNoneStaysOpen) {
  const Pair pair;
  const std::vector<int> many(kMaxPassedDescriptors + 1, STDIN_FILENO);
  EXPECT_EQ(send_with_descriptors(pair.theirs.get(), "x", many), -1);
  EXPECT_EQ(errno, EINVAL);
  // A sender that does not keep to it.
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * (kMaxPassedDescriptors + 1))] = {};
  iovec part{const_cast<char*>("too long"), 8};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(many.size() * sizeof(int));
  std::copy(many.begin(), many.end(), reinterpret_cast<int*>(CMSG_DATA(header)));
  ASSERT_EQ(::sendmsg(pair.theirs.get(), &message, 0), 8);
  const int before = open_descriptors();
  {
    char bytes[4];
    const MessageWithDescriptors received = receive_with_descriptors(pair.ours.get(), bytes, sizeof bytes);
    EXPECT_EQ(received.size, 4);
    EXPECT_TRUE(received.truncated);
    EXPECT_EQ(received.fds.size(), kMaxPassedDescriptors);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Descriptors, TheEndAndErrorsAreTold) {
  Pair pair;
  char byte = 0;
  EXPECT_EQ(receive_with_descriptors(-1, &byte, 1).size, -1);
  EXPECT_EQ(errno, EBADF);
  pair.theirs.reset();
  EXPECT_EQ(receive_with_descriptors(pair.ours.get(), &byte, 1).size, 0);
  EXPECT_EQ(send_with_descriptors(pair.ours.get(), "x", {}), -1);
  EXPECT_EQ(errno, EPIPE);
}

}  // namespace
}  // namespace redoubt
