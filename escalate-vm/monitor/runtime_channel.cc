#include "escalate-vm/monitor/runtime_channel.h"

#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "base/descriptors.h"
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
  MessageWithDescriptors received = receive_with_descriptors(fd_.get(), &answer, sizeof answer);
  return received.fds.size() == 1 ? std::move(received.fds.front()) : UniqueFd();
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
