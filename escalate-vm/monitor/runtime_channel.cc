#include "escalate-vm/monitor/runtime_channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>

#include "init/protocol.h"

namespace redoubt::vm {
namespace {

void send(int fd, init::SyncWord word, std::string_view item) {
  init::SyncMessage message{};
  message.word = word;
  message.step = init::InitStep::kExecve;
  ::memcpy(message.item, item.data(), std::min(item.size(), sizeof message.item - 1));
  // A runtime that died has nobody to tell.
  static_cast<void>(::send(fd, &message, sizeof message, MSG_NOSIGNAL));
}

}  // namespace

UniqueFd RuntimeChannel::take_memory_limit() {
  send(fd_.get(), init::SyncWord::kMemoryLimit, {});
  init::SyncMessage answer{};
  iovec part{&answer, sizeof answer};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n = 0;
  do {
    n = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  const cmsghdr* header = n > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int))) {
    return UniqueFd();
  }
  int limit = -1;
  ::memcpy(&limit, CMSG_DATA(header), sizeof limit);
  return UniqueFd(limit);
}

void RuntimeChannel::done() {
  send(fd_.get(), init::SyncWord::kDone, {});
  fd_.reset();
}

// The runtime says first what it was about, as the guest's redoubt did.
void RuntimeChannel::fail(std::string_view why) {
  constexpr std::string_view kFrame = "unable to start container process: ";
  why.remove_prefix(why.starts_with(kFrame) ? kFrame.size() : 0);
  send(fd_.get(), init::SyncWord::kMachineFailed, why);
  fd_.reset();
}

}  // namespace redoubt::vm
