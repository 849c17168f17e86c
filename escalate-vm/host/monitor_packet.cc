#include "escalate-vm/host/monitor_packet.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/io.h"
#include "escalate-vm/protocol/message.h"

namespace redoubt::vm {
namespace {

constexpr size_t kMaxDescriptors = 4;

}  // namespace

Status send_monitor_packet(int socket, const MonitorPacket& packet, const std::vector<int>& fds) {
  iovec part{const_cast<MonitorPacket*>(&packet), sizeof packet};
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

MonitorPacket monitor_failure(std::string_view text) {
  return text_packet(MonitorWord::kFailed, text);
}

MonitorPacket text_packet(MonitorWord word, std::string_view text) {
  MonitorPacket packet{word};
  ::memcpy(packet.text, text.data(), std::min(text.size(), sizeof packet.text - 1));
  return packet;
}

Result<std::optional<ReceivedMonitorPacket>> receive_monitor_packet(int socket) {
  ReceivedMonitorPacket received;
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
    return std::optional<ReceivedMonitorPacket>();
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
  return std::optional<ReceivedMonitorPacket>(std::move(received));
}

Result<UniqueFd> document_fd(std::string_view text) {
  UniqueFd fd(::memfd_create("redoubt-vm-document", MFD_CLOEXEC));
  if (!fd.valid()) {
    return Error::system(errno, "memfd_create for exec.sock");
  }
  TRY(write_all(fd.get(), text, "exec.sock"));
  return fd;
}

Result<std::string> read_document_fd(int fd) {
  struct stat file {};
  if (::fstat(fd, &file) != 0 || !S_ISREG(file.st_mode) || ::lseek(fd, 0, SEEK_SET) != 0) {
    return Error::invalid("exec.sock: the document is no file in memory");
  }
  return read_all(fd, kMessageLimits.max_bytes, "exec.sock");
}

}  // namespace redoubt::vm
