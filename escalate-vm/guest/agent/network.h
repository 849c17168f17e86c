// Network: gives the guest's interfaces the names, addresses, routes and neighbours that the
// container's network namespace has on the host.
#ifndef REDOUBT_ESCALATE_VM_GUEST_AGENT_NETWORK_H_
#define REDOUBT_ESCALATE_VM_GUEST_AGENT_NETWORK_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "escalate-vm/protocol/request.h"

namespace redoubt::agent {

// An address as the kernel takes it, with the length of its prefix (all of it when the text has
// none).
struct Prefix {
  int family = 0;
  std::string bytes;
  uint8_t length = 0;
};

Result<Prefix> parse_prefix(const std::string& text);
// "52:54:00:12:34:56" as six bytes.
Result<std::string> parse_mac(std::string_view text);

// The loopback interface comes up always.
Status apply_network(const vm::Network& network);

}  // namespace redoubt::agent

#endif  // REDOUBT_ESCALATE_VM_GUEST_AGENT_NETWORK_H_
