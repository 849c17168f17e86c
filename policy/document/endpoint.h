// Endpoint: a block of addresses, a range of ports and a protocol, as network.connect and
// network.bind list them. The text form is canonical and is the key of the entry:
// "tcp 10.0.0.0/8 443", "udp ::/0 1-65535".
#ifndef REDOUBT_POLICY_DOCUMENT_ENDPOINT_H_
#define REDOUBT_POLICY_DOCUMENT_ENDPOINT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plan/network_filter.h"

namespace redoubt::policy {

using Endpoint = plan::NetworkEndpoint;
using plan::to_text;

// "10.0.0.0/8", "192.0.2.7", "2001:db8::/32". Bits behind the prefix must be zero. IPv4 in
// IPv6 ("::ffff:10.0.0.0/104") is the IPv4 block that it means: the kernel sends such packets by
// IPv4, so an IPv6 rule would never be met. Only the address part of the result is set.
std::optional<Endpoint> parse_address_block(std::string_view text);
// "443", "8000-8100"; into first_port and last_port.
bool parse_port_range(std::string_view text, Endpoint& endpoint);

std::optional<Endpoint> parse_endpoint(std::string_view text);

bool contains(const Endpoint& outer, const Endpoint& inner);
std::optional<Endpoint> intersection(const Endpoint& a, const Endpoint& b);
// All addresses of its family.
bool is_any_address(const Endpoint& endpoint);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_DOCUMENT_ENDPOINT_H_
