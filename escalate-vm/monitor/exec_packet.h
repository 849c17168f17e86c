// What a process of exec ("redoubt-vm exec", the pid that engines see) and the monitor of the machine
// say to each other over exec.sock, a SOCK_SEQPACKET socket: one of these a packet. The first one, kExec,
// carries descriptors: the task (host/task.h), then the process's stdio.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_EXEC_PACKET_H_
#define REDOUBT_ESCALATE_VM_MONITOR_EXEC_PACKET_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::vm {

enum class ExecWord : uint32_t {
  kExec,     // to the monitor: four descriptors
  kSignal,   // to the monitor: value
  kResize,   // to the monitor: the terminal has another size
  kStarted,  // from the monitor
  kFailed,   // from the monitor: text
  kExited,   // from the monitor: value is the exit status, 128 + n for signal n
};

struct ExecPacket {
  ExecWord word{};
  int32_t value = 0;
  char text[480] = {};
};

struct ReceivedExecPacket {
  ExecPacket packet;
  std::vector<UniqueFd> fds;
};

Status send_exec_packet(int socket, const ExecPacket& packet, const std::vector<int>& fds = {});
ExecPacket exec_failure(std::string_view text);

// Nothing: the other side is gone. What does not fit the format is an error.
Result<std::optional<ReceivedExecPacket>> receive_exec_packet(int socket);

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_EXEC_PACKET_H_
