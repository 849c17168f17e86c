#include "runc-compat/launch/init_channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"

namespace redoubt::launch {

Result<InitChannel> InitChannel::create() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
    return Error::system(errno, "socketpair for init");
  }
  InitChannel channel;
  channel.parent_end_.reset(fds[0]);
  channel.child_end_.reset(fds[1]);
  return channel;
}

Result<std::optional<InitMessage>> InitChannel::receive() {
  InitMessage message;
  memset(&message.body, 0, sizeof message.body);
  iovec part{&message.body, sizeof message.body};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t n = 0;
  do {
    n = ::recvmsg(parent_end_.get(), &header, MSG_CMSG_CLOEXEC);
    // ECONNRESET: init ended and left a message of ours unread. It is reported once, and before what
    // init had sent.
  } while (n < 0 && (errno == EINTR || errno == ECONNRESET));
  if (n == 0) {
    return std::optional<InitMessage>();
  }
  if (n < 0) {
    return Error::system(errno, "receive from init");
  }
  const cmsghdr* rights = CMSG_FIRSTHDR(&header);
  if (rights != nullptr && rights->cmsg_type == SCM_RIGHTS &&
      rights->cmsg_len == CMSG_LEN(sizeof(int))) {
    int fd = -1;
    memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    message.descriptor.reset(fd);
  }
  message.body.item[init::kItemSize - 1] = '\0';
  if (n != static_cast<ssize_t>(sizeof message.body) ||
      message.body.step >= init::InitStep::kCount) {
    return Error::internal("malformed message from init");
  }
  return std::optional<InitMessage>(std::move(message));
}

void InitChannel::proceed(int value) {
  hand_over(value, -1);
}

void InitChannel::hand_over(int value, int fd) {
  init::SyncMessage body{init::SyncWord::kProceed, init::InitStep::kStart, 0, value, {}};
  iovec part{&body, sizeof body};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  (void)::sendmsg(parent_end_.get(), &message, MSG_NOSIGNAL);
}

}  // namespace redoubt::launch
