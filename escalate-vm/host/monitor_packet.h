// What the monitor of a machine is asked over exec.sock, a SOCK_SEQPACKET socket, one of these a packet:
// by processes of exec ("redoubt-vm exec", the pids that engines see) to have their own in the guest, and
// by verbs of the runtime to pass a request on to the guest or to be told what happens in it. The first
// packet says what the connection is for; descriptors come with it.
#ifndef REDOUBT_ESCALATE_VM_HOST_MONITOR_PACKET_H_
#define REDOUBT_ESCALATE_VM_HOST_MONITOR_PACKET_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::vm {

enum class MonitorWord : uint32_t {
  kExec,      // to the monitor: four descriptors, the task (task.h) and the process's stdio
  kContainer, // to the monitor: the same for a container of the pod whose sandbox the machine is
  kStart,     // to the monitor: have it run, after its kStarted, which says that it was created
  kSignal,    // to the monitor: value
  kResize,    // to the monitor: the terminal has another size
  kStarted,   // from the monitor
  kFailed,    // from the monitor: text
  kExited,    // from the monitor: value is the exit status, 128 + n for signal n
  kAsk,       // to the monitor: one descriptor, a request (protocol/request.h) in a memfd
  kAnswer,    // from the monitor: one descriptor, the guest's reply (protocol/message.h)
  kWatch,     // to the monitor: tell what happens to the container named by text from now on
  kWatching,  // from the monitor
  kOom,       // from the monitor: the guest's kernel killed for want of memory
};

struct MonitorPacket {
  MonitorWord word{};
  int32_t value = 0;
  char text[480] = {};
};

struct ReceivedMonitorPacket {
  MonitorPacket packet;
  std::vector<UniqueFd> fds;
};

Status send_monitor_packet(int socket, const MonitorPacket& packet, const std::vector<int>& fds = {});
MonitorPacket monitor_failure(std::string_view text);
MonitorPacket text_packet(MonitorWord word, std::string_view text);

// Nothing: the other side is gone. What does not fit the format is an error.
Result<std::optional<ReceivedMonitorPacket>> receive_monitor_packet(int socket);

// A document too large for a packet, as the descriptor that goes along; and the way back.
Result<UniqueFd> document_fd(std::string_view text);
Result<std::string> read_document_fd(int fd);

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_HOST_MONITOR_PACKET_H_
