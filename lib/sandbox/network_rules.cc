#include "sandbox/network_rules.h"

#include <algorithm>
#include <tuple>

namespace redoubt::sandbox {
namespace {

constexpr uint16_t kLastPort = 65535;

Ports merged(Ports ports) {
  std::sort(ports.begin(), ports.end(), [](const PortRange& a, const PortRange& b) {
    return std::tie(a.first, a.last) < std::tie(b.first, b.last);
  });
  Ports apart;
  for (const PortRange& range : ports) {
    if (!apart.empty() && uint32_t{range.first} <= uint32_t{apart.back().last} + 1) {
      apart.back().last = std::max(apart.back().last, range.last);
    } else {
      apart.push_back(range);
    }
  }
  return apart;
}

}  // namespace

Ports common_ports(const Ports& a, const Ports& b) {
  Ports common;
  auto left = a.begin();
  auto right = b.begin();
  while (left != a.end() && right != b.end()) {
    const PortRange both = {std::max(left->first, right->first), std::min(left->last, right->last)};
    if (both.first <= both.last) {
      common.push_back(both);
    }
    left->last < right->last ? ++left : ++right;
  }
  return common;
}

bool has_all_ports(const Ports& ports) {
  return ports == Ports{{1, kLastPort}};
}

std::vector<AddressBlock> address_blocks(const std::vector<plan::NetworkEndpoint>& endpoints,
                                         bool udp,
                                         bool ipv6) {
  std::vector<AddressBlock> sorted;
  for (const plan::NetworkEndpoint& endpoint : endpoints) {
    if (endpoint.udp == udp && endpoint.ipv6 == ipv6) {
      sorted.push_back(
          {endpoint.address, endpoint.prefix, {{endpoint.first_port, endpoint.last_port}}});
    }
  }
  std::sort(sorted.begin(), sorted.end(), [](const AddressBlock& a, const AddressBlock& b) {
    return std::tie(a.prefix, a.address) < std::tie(b.prefix, b.address);
  });
  std::vector<AddressBlock> blocks;
  for (AddressBlock& block : sorted) {
    if (!blocks.empty() && blocks.back().prefix == block.prefix &&
        blocks.back().address == block.address) {
      blocks.back().ports.push_back(block.ports.front());
    } else {
      blocks.push_back(std::move(block));
    }
  }
  for (AddressBlock& block : blocks) {
    block.ports = merged(std::move(block.ports));
  }
  return blocks;
}

Ports ports_of_any_address(const std::vector<AddressBlock>& blocks) {
  return !blocks.empty() && blocks.front().prefix == 0 ? blocks.front().ports : Ports();
}

}  // namespace redoubt::sandbox
