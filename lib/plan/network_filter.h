// NetworkFilter: what the cgroup's programs let sockets reach and be bound to (network.connect and
// network.bind of a policy). Lists of what is allowed: nothing in a list that restricts means that
// nothing is allowed. Made by policy/harden_network.cc, compiled by sandbox/network_filter.
#ifndef REDOUBT_PLAN_NETWORK_FILTER_H_
#define REDOUBT_PLAN_NETWORK_FILTER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace redoubt::plan {

// A block of addresses, a range of ports and a protocol.
struct NetworkEndpoint {
  bool udp = false;  // otherwise tcp
  bool ipv6 = false;
  std::array<uint8_t, 16> address{};  // IPv4: the first four; bits behind the prefix are zero
  uint8_t prefix = 0;
  uint16_t first_port = 1, last_port = 65535;

  bool operator==(const NetworkEndpoint&) const = default;
};

// Canonical: "tcp 10.0.0.0/8 443", "udp ::/0 1-65535".
std::string to_text(const NetworkEndpoint& endpoint);

// Of one list. Jumps in a BPF program have 16 bits; an endpoint takes up to 16 instructions.
inline constexpr size_t kMaxNetworkEndpoints = 1024;

struct NetworkFilter {
  bool restricts_connect = false, restricts_bind = false;
  std::vector<NetworkEndpoint> connect, bind;

  bool active() const { return restricts_connect || restricts_bind; }
};

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_NETWORK_FILTER_H_
