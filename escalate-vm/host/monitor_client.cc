#include "escalate-vm/host/monitor_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/io.h"
#include "base/str.h"
#include "escalate-vm/host/machine_layout.h"
#include "escalate-vm/host/monitor_packet.h"

namespace redoubt::vm {
namespace {

constexpr int kAnswerMs = 30000;

// The next packet, which must carry `wanted`.
Result<ReceivedMonitorPacket> receive_answer(int socket, MonitorWord wanted) {
  pollfd entry = {socket, POLLIN, 0};
  int ready = 0;
  while ((ready = ::poll(&entry, 1, kAnswerMs)) < 0 && errno == EINTR) {
  }
  if (ready == 0) {
    return Error(ErrorKind::kSystem,
                 concat("the virtual machine has not answered for ", kAnswerMs / 1000, " s; end it with \"delete --force\""));
  }
  TRY_ASSIGN(std::optional<ReceivedMonitorPacket> received, receive_monitor_packet(socket));
  if (!received) {
    return Error(ErrorKind::kSystem, "the machine ended");
  }
  if (received->packet.word == MonitorWord::kFailed) {
    return Error(ErrorKind::kSystem, received->packet.text);
  }
  if (received->packet.word != wanted) {
    return Error::internal("unexpected packet of the monitor");
  }
  return *std::move(received);
}

}  // namespace

// The monitor made the socket in a directory of its own: its name is taken as it is, and no link followed.
Result<MonitorClient> MonitorClient::connect(int container_dir) {
  TRY_ASSIGN(const UniqueFd file,
             open_at(container_dir, concat(kMachineDirectory, "/", kExecSocket), O_PATH | O_NOFOLLOW));
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = concat("/proc/self/fd/", file.get());
  ::memcpy(address.sun_path, path.data(), path.size());
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error::system(errno, "connect to the monitor of the machine");
  }
  return MonitorClient(std::move(socket));
}

Result<Reply> MonitorClient::ask(const Request& request) {
  TRY_ASSIGN(const UniqueFd document, document_fd(format_request(request)));
  TRY(send_monitor_packet(socket_.get(), {MonitorWord::kAsk}, {document.get()}));
  TRY_ASSIGN(const ReceivedMonitorPacket received, receive_answer(socket_.get(), MonitorWord::kAnswer));
  if (received.fds.size() != 1) {
    return Error::internal("exec.sock: an answer without a document");
  }
  TRY_ASSIGN(const std::string text, read_document_fd(received.fds[0].get()));
  TRY_ASSIGN(const Message message, parse_message(text));
  const auto* reply = std::get_if<Reply>(&message);
  if (reply == nullptr) {
    return Error::internal("exec.sock: an answer that is no reply");
  }
  return reply->error ? Result<Reply>(Error(ErrorKind::kSystem, *reply->error)) : *reply;
}

Status MonitorClient::watch(const std::string& container) {
  return send_monitor_packet(socket_.get(), text_packet(MonitorWord::kWatch, container));
}

Status MonitorClient::await_watching() {
  TRY(receive_answer(socket_.get(), MonitorWord::kWatching));
  return {};
}

Result<std::optional<bool>> MonitorClient::read_oom() {
  TRY_ASSIGN(const std::optional<ReceivedMonitorPacket> received, receive_monitor_packet(socket_.get()));
  return received ? std::optional<bool>(received->packet.word == MonitorWord::kOom) : std::nullopt;
}

}  // namespace redoubt::vm
