// Container: what the agent remembers of a container: its processes that the host asked for, and
// how often memory ran out.
#ifndef REDOUBT_ESCALATE_VM_GUEST_AGENT_CONTAINER_H_
#define REDOUBT_ESCALATE_VM_GUEST_AGENT_CONTAINER_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "escalate-vm/guest/agent/relay.h"

namespace redoubt::agent {

struct Session {
  pid_t pid = 0;  // 0: not started yet
  bool exited = false;
  Relay relay;
  UniqueFd console;  // a listening socket, until the terminal came over it
};

struct Container {
  std::map<std::string, Session> sessions;
  UniqueFd memory_events;
  uint64_t oom_kills = 0;
};

// A socket for --console-socket at `path`.
Result<UniqueFd> listen_for_terminal(const std::string& path);
// The master that a runtime has sent to it. Does not wait.
Result<UniqueFd> receive_terminal(const UniqueFd& listener);

// The events of the memory controller of a container, to be polled for POLLPRI.
Result<UniqueFd> open_memory_events(const std::string& container);
// How many processes were killed for want of memory so far, from the content of memory.events.
uint64_t count_oom_kills(std::string_view memory_events);
// Reads them, and re-arms the poll.
uint64_t read_oom_kills(const UniqueFd& memory_events);

}  // namespace redoubt::agent

#endif  // REDOUBT_ESCALATE_VM_GUEST_AGENT_CONTAINER_H_
