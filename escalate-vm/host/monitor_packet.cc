#include "escalate-vm/host/monitor_packet.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/descriptors.h"
#include "base/io.h"
#include "escalate-vm/protocol/message.h"

namespace redoubt::vm {

Status send_monitor_packet(int socket, const MonitorPacket& packet, const std::vector<int>& fds) {
  const std::string_view bytes(reinterpret_cast<const char*>(&packet), sizeof packet);
  return send_with_descriptors(socket, bytes, fds) < 0 ? Status(Error::system(errno, "exec.sock")) : Status();
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
  MessageWithDescriptors message = receive_with_descriptors(socket, &received.packet, sizeof received.packet);
  if (message.size == 0 || (message.size < 0 && errno == ECONNRESET)) {
    return std::optional<ReceivedMonitorPacket>();
  }
  if (message.size < 0) {
    return Error::system(errno, "exec.sock");
  }
  received.fds = std::move(message.fds);
  if (static_cast<size_t>(message.size) != sizeof received.packet || message.truncated) {
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
