#include "escalate-vm/monitor/exec_packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>

namespace redoubt::vm {
namespace {

constexpr size_t kMaxDescriptors = 4;

}  // namespace

Status send_exec_packet(int socket, const ExecPacket& packet, const std::vector<int>& fds) {
  iovec part{const_cast<ExecPacket*>(&packet), sizeof packet};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxDescriptors)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    ::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * fds.size());
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? Status(Error::system(errno, "exec.sock")) : Status();
}

ExecPacket exec_failure(std::string_view text) {
  ExecPacket packet{ExecWord::kFailed};
  ::memcpy(packet.text, text.data(), std::min(text.size(), sizeof packet.text - 1));
  return packet;
}

Result<std::optional<ReceivedExecPacket>> receive_exec_packet(int socket) {
  ReceivedExecPacket received;
  iovec part{&received.packet, sizeof received.packet};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxDescriptors)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n == 0 || (n < 0 && errno == ECONNRESET)) {
    return std::optional<ReceivedExecPacket>();
  }
  if (n < 0) {
    return Error::system(errno, "exec.sock");
  }
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; header->cmsg_type == SCM_RIGHTS && i < count; ++i) {
      int fd = -1;
      ::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      received.fds.emplace_back(fd);
    }
  }
  if (static_cast<size_t>(n) != sizeof received.packet || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return Error::invalid("exec.sock: a packet of another format");
  }
  received.packet.text[sizeof received.packet.text - 1] = '\0';
  return std::optional<ReceivedExecPacket>(std::move(received));
}

}  // namespace redoubt::vm
