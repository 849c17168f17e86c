// Messages: what the agent tells the host (hello, replies, events), as structs and as JSON.
// Requests, the other direction, are in request.h.
//
// The host reads them from a guest that may have been taken over: everything is bounded and typed,
// and what does not fit is an error.
#ifndef REDOUBT_ESCALATE_VM_PROTOCOL_MESSAGE_H_
#define REDOUBT_ESCALATE_VM_PROTOCOL_MESSAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "escalate-vm/protocol/request.h"

namespace redoubt::vm {

constexpr int64_t kProtocolVersion = 1;

// The name of the virtio-serial port and the tag of the virtio-fs share.
constexpr std::string_view kPortName = "redoubt.control";
constexpr std::string_view kShareTag = "share";

// The limits of every JSON object on the channel.
constexpr json::Limits kMessageLimits = {
    .max_bytes = size_t{4} << 20, .max_depth = 64, .max_values = size_t{1} << 18};

// ... and of what the guest says: a thousand pids, and little of the host's memory.
constexpr json::Limits kGuestMessageLimits = {
    .max_bytes = size_t{1} << 16, .max_depth = 16, .max_values = size_t{1} << 10};

struct Hello {
  int64_t version = kProtocolVersion;
  std::string nonce;
};

// One process of a container, as the guest's kernel shows it.
struct ProcessRow {
  int32_t pid = 0, parent = 0;
  uint32_t user = 0;
  uint64_t cpu_ms = 0;
  std::string command;  // its arguments, of the process's own choice: not to be printed as they are
};

// What a guest may say of a container's processes at a time, by their pids; the host refuses more.
constexpr size_t kMaxProcesses = 128;
constexpr size_t kMaxCommand = 512;

// The answer to one request: an error text, or what the op returns.
struct Reply {
  uint64_t id = 0;
  std::optional<std::string> error;
  std::optional<int32_t> pid;  // of create and exec, in the guest
  json::Value stats;           // of stats: the object that `redoubt events --stats` prints
  std::optional<std::vector<ProcessRow>> processes;
  bool more = false;  // processes: there are some of higher pids
};

// A process was reaped: an exit code or the number of the signal that ended it.
struct ExitEvent {
  std::string container, session;
  int code = 0;
  int signal = 0;  // 0: it exited
};

// The kernel killed a process of the container for want of memory.
struct OomEvent {
  std::string container;
};

using Message = std::variant<Hello, Reply, ExitEvent, OomEvent>;

Result<Message> parse_message(std::string_view text);
std::string format_message(const Message& message);

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_PROTOCOL_MESSAGE_H_
