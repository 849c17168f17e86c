#include "policy/document/endpoint.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/str.h"

namespace redoubt::policy {
namespace {

constexpr uint8_t kBitsV4 = 32;
constexpr uint8_t kBitsV6 = 128;
constexpr uint8_t kMappedBits = 96;  // ::ffff:0:0/96

bool bit_of(const Endpoint& endpoint, unsigned index) {
  return (endpoint.address[index / 8] >> (7 - index % 8) & 1) != 0;
}

// Whether the first `bits` bits are equal.
bool same_bits(const Endpoint& a, const Endpoint& b, unsigned bits) {
  for (unsigned i = 0; i < bits; ++i) {
    if (bit_of(a, i) != bit_of(b, i)) {
      return false;
    }
  }
  return true;
}

bool has_host_bits(const Endpoint& endpoint) {
  const unsigned bits = endpoint.ipv6 ? kBitsV6 : kBitsV4;
  for (unsigned i = endpoint.prefix; i < bits; ++i) {
    if (bit_of(endpoint, i)) {
      return true;
    }
  }
  return false;
}

bool is_mapped_ipv4(const Endpoint& endpoint) {
  constexpr std::array<uint8_t, 12> kStart = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return endpoint.ipv6 && endpoint.prefix >= kMappedBits &&
         std::equal(kStart.begin(), kStart.end(), endpoint.address.begin());
}

Endpoint unmapped(const Endpoint& endpoint) {
  Endpoint ipv4;
  std::copy_n(endpoint.address.begin() + kMappedBits / 8, 4, ipv4.address.begin());
  ipv4.prefix = static_cast<uint8_t>(endpoint.prefix - kMappedBits);
  return ipv4;
}

}  // namespace

std::optional<Endpoint> parse_address_block(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Endpoint endpoint;
  endpoint.ipv6 = address.find(':') != std::string::npos;
  const uint8_t bits = endpoint.ipv6 ? kBitsV6 : kBitsV4;
  if (inet_pton(endpoint.ipv6 ? AF_INET6 : AF_INET, address.c_str(), endpoint.address.data()) !=
      1) {
    return std::nullopt;
  }
  const std::optional<uint8_t> prefix =
      slash == std::string_view::npos ? bits : parse_number<uint8_t>(text.substr(slash + 1));
  if (!prefix || *prefix > bits) {
    return std::nullopt;
  }
  endpoint.prefix = *prefix;
  if (has_host_bits(endpoint)) {
    return std::nullopt;
  }
  return is_mapped_ipv4(endpoint) ? unmapped(endpoint) : endpoint;
}

bool parse_port_range(std::string_view text, Endpoint& endpoint) {
  const size_t dash = text.find('-');
  const auto first = parse_number<uint16_t>(text.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : parse_number<uint16_t>(text.substr(dash + 1));
  if (!first || !last || *first == 0 || *last < *first) {
    return false;
  }
  endpoint.first_port = *first;
  endpoint.last_port = *last;
  return true;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::vector<std::string> parts = split(text, ' ');
  if (parts.size() != 3 || (parts[0] != "tcp" && parts[0] != "udp")) {
    return std::nullopt;
  }
  std::optional<Endpoint> endpoint = parse_address_block(parts[1]);
  if (!endpoint || !parse_port_range(parts[2], *endpoint)) {
    return std::nullopt;
  }
  endpoint->udp = parts[0] == "udp";
  return endpoint;
}

bool contains(const Endpoint& outer, const Endpoint& inner) {
  return outer.udp == inner.udp && outer.ipv6 == inner.ipv6 && outer.prefix <= inner.prefix &&
         same_bits(outer, inner, outer.prefix) && outer.first_port <= inner.first_port &&
         outer.last_port >= inner.last_port;
}

std::optional<Endpoint> intersection(const Endpoint& a, const Endpoint& b) {
  const unsigned common = std::min(a.prefix, b.prefix);
  if (a.udp != b.udp || a.ipv6 != b.ipv6 || !same_bits(a, b, common)) {
    return std::nullopt;
  }
  Endpoint both = a.prefix >= b.prefix ? a : b;
  both.first_port = std::max(a.first_port, b.first_port);
  both.last_port = std::min(a.last_port, b.last_port);
  return both.first_port > both.last_port ? std::nullopt : std::optional<Endpoint>(both);
}

bool is_any_address(const Endpoint& endpoint) {
  return endpoint.prefix == 0;
}

}  // namespace redoubt::policy
