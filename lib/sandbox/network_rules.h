// plan::NetworkEndpoint lists in the form that network_filter.cc compiles: one entry for each block
// of addresses, with its ports merged.
#ifndef REDOUBT_SANDBOX_NETWORK_RULES_H_
#define REDOUBT_SANDBOX_NETWORK_RULES_H_

#include <array>
#include <cstdint>
#include <vector>

#include "plan/network_filter.h"

namespace redoubt::sandbox {

struct PortRange {
  uint16_t first = 0, last = 0;

  bool operator==(const PortRange&) const = default;
};

// Sorted, and apart from each other by at least one port.
using Ports = std::vector<PortRange>;

// What is common to both.
Ports common_ports(const Ports& a, const Ports& b);
// 1 to 65535.
bool has_all_ports(const Ports& ports);

struct AddressBlock {
  std::array<uint8_t, 16> address{};
  uint8_t prefix = 0;
  Ports ports;
};

// The blocks of one protocol and family, widest first, each once.
std::vector<AddressBlock> address_blocks(const std::vector<plan::NetworkEndpoint>& endpoints,
                                         bool udp,
                                         bool ipv6);

// The ports that every address of the family has; `blocks` as above.
Ports ports_of_any_address(const std::vector<AddressBlock>& blocks);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_NETWORK_RULES_H_
