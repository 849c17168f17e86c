#include "runc-compat/launch/init_channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <span>
#include <string_view>
#include <utility>

#include "base/descriptors.h"

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
  MessageWithDescriptors received;
  do {
    received = receive_with_descriptors(parent_end_.get(), &message.body, sizeof message.body);
    // ECONNRESET: init ended and left a message of ours unread. It is reported once, and before what
    // init had sent.
  } while (received.size < 0 && errno == ECONNRESET);
  if (received.size == 0) {
    return std::optional<InitMessage>();
  }
  if (received.size < 0) {
    return Error::system(errno, "receive from init");
  }
  if (!received.fds.empty()) {
    message.descriptor = std::move(received.fds.front());
  }
  message.body.item[init::kItemSize - 1] = '\0';
  if (received.size != static_cast<ssize_t>(sizeof message.body) ||
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
  const std::string_view bytes(reinterpret_cast<const char*>(&body), sizeof body);
  // An init that has ended is noticed by the next receive().
  (void)send_with_descriptors(
      parent_end_.get(), bytes, std::span(&fd, static_cast<size_t>(fd >= 0)));
}

}  // namespace redoubt::launch
