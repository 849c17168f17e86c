#include "escalate-vm/guest/agent/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include <optional>

#include "base/str.h"
#include "escalate-vm/guest/agent/spare_cards.h"
#include "sandbox/net_device_netlink.h"

namespace redoubt::agent {
namespace {

using sandbox::NetlinkMessage;
using sandbox::NetlinkReply;
using sandbox::NetlinkSocket;

constexpr uint16_t kCreate = NLM_F_CREATE | NLM_F_REPLACE;
constexpr size_t kMacSize = 6;

Result<int> index_of(const std::string& name) {
  const unsigned index = ::if_nametoindex(name.c_str());
  if (index == 0) {
    return Error::invalid(concat("device ", quote(name), " does not exist"));
  }
  return static_cast<int>(index);
}

Result<int> index_of_mac(NetlinkSocket& socket, const std::string& mac) {
  const ifinfomsg all{};
  const NetlinkMessage message(RTM_GETLINK, NLM_F_DUMP, &all, sizeof all);
  TRY_ASSIGN(const std::vector<NetlinkReply> replies, socket.request(message));
  for (const NetlinkReply& reply : replies) {
    if (reply.type != RTM_NEWLINK || reply.payload.size() < sizeof(ifinfomsg)) {
      continue;
    }
    ifinfomsg found{};
    memcpy(&found, reply.payload.data(), sizeof found);
    const auto attributes = sandbox::parse_attributes(std::string_view(reply.payload).substr(sizeof found));
    const sandbox::NetlinkAttribute* address =
        attributes ? sandbox::find_attribute(*attributes, IFLA_ADDRESS) : nullptr;
    if (address != nullptr && address->payload == mac) {
      return found.ifi_index;
    }
  }
  return Error::invalid("no interface has this address");
}

Status send(NetlinkSocket& socket, const NetlinkMessage& message, std::string_view what) {
  Result<std::vector<NetlinkReply>> replies = socket.request(message);
  return replies ? Status() : std::move(replies).error().add_context(what);
}

Status set_up(NetlinkSocket& socket, int index) {
  ifinfomsg link{};
  link.ifi_index = index;
  link.ifi_flags = link.ifi_change = IFF_UP;
  return send(socket, NetlinkMessage(RTM_NEWLINK, 0, &link, sizeof link), "set up");
}

Status add_address(NetlinkSocket& socket, int index, const std::string& text) {
  TRY_ASSIGN(const Prefix prefix, parse_prefix(text));
  ifaddrmsg fixed{};
  fixed.ifa_family = static_cast<uint8_t>(prefix.family);
  fixed.ifa_prefixlen = prefix.length;
  fixed.ifa_flags = IFA_F_NODAD;  // the host's side of the wire has had it before
  fixed.ifa_index = static_cast<uint32_t>(index);
  NetlinkMessage message(RTM_NEWADDR, kCreate, &fixed, sizeof fixed);
  TRY(message.put(IFA_LOCAL, prefix.bytes));
  TRY(message.put(IFA_ADDRESS, prefix.bytes));
  return send(socket, message, concat("address ", text));
}

// A link that is up cannot be renamed, so it is set up last.
Status apply_interface(NetlinkSocket& socket, const vm::Interface& interface) {
  TRY_ASSIGN(const std::string mac, parse_mac(interface.mac));
  TRY_ASSIGN(const std::string card, parse_mac(interface.card.empty() ? interface.mac : interface.card));
  TRY_ASSIGN(const int index, index_of_mac(socket, card));
  ifinfomsg link{};
  link.ifi_index = index;
  NetlinkMessage message(RTM_NEWLINK, 0, &link, sizeof link);
  TRY(message.put_text(IFLA_IFNAME, interface.name));
  TRY(message.put(IFLA_ADDRESS, mac));
  if (interface.mtu != 0) {
    TRY(message.put_u32(IFLA_MTU, interface.mtu));
  }
  TRY(send(socket, message, "name and mtu"));
  TRY(set_up(socket, index));
  for (const std::string& address : interface.addresses) {
    TRY(add_address(socket, index, address));
  }
  return {};
}

Status add_route(NetlinkSocket& socket, const vm::Route& route) {
  std::optional<Prefix> gateway, destination;
  if (!route.gateway.empty()) {
    TRY_ASSIGN(gateway, parse_prefix(route.gateway));
  }
  if (route.destination != "default") {
    TRY_ASSIGN(destination, parse_prefix(route.destination));
  }
  rtmsg fixed{};
  fixed.rtm_family = static_cast<uint8_t>(destination ? destination->family : gateway ? gateway->family : AF_INET);
  fixed.rtm_dst_len = destination ? destination->length : 0;
  fixed.rtm_table = RT_TABLE_MAIN;
  fixed.rtm_protocol = RTPROT_STATIC;
  fixed.rtm_scope = gateway || fixed.rtm_family == AF_INET6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  fixed.rtm_type = RTN_UNICAST;
  // The gateway of a pod is often on no subnet of the interface.
  fixed.rtm_flags = gateway ? RTNH_F_ONLINK : 0;
  NetlinkMessage message(RTM_NEWROUTE, kCreate, &fixed, sizeof fixed);
  if (destination) {
    TRY(message.put(RTA_DST, destination->bytes));
  }
  if (gateway) {
    TRY(message.put(RTA_GATEWAY, gateway->bytes));
  }
  TRY_ASSIGN(const int index, index_of(route.device));
  TRY(message.put_u32(RTA_OIF, static_cast<uint32_t>(index)));
  return send(socket, message, "add");
}

Status add_neighbour(NetlinkSocket& socket, const vm::Neighbour& neighbour) {
  TRY_ASSIGN(const Prefix address, parse_prefix(neighbour.address));
  TRY_ASSIGN(const std::string mac, parse_mac(neighbour.mac));
  TRY_ASSIGN(const int index, index_of(neighbour.device));
  ndmsg fixed{};
  fixed.ndm_family = static_cast<uint8_t>(address.family);
  fixed.ndm_ifindex = index;
  fixed.ndm_state = NUD_PERMANENT;
  NetlinkMessage message(RTM_NEWNEIGH, kCreate, &fixed, sizeof fixed);
  TRY(message.put(NDA_DST, address.bytes));
  TRY(message.put(NDA_LLADDR, mac));
  return send(socket, message, "add");
}

}  // namespace

Result<Prefix> parse_prefix(const std::string& text) {
  const size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  Prefix out;
  out.family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  out.bytes.resize(out.family == AF_INET ? 4 : 16);
  const uint8_t whole = static_cast<uint8_t>(out.bytes.size() * 8);
  const std::optional<uint8_t> length =
      slash == std::string::npos ? whole : parse_number<uint8_t>(text.substr(slash + 1));
  if (::inet_pton(out.family, address.c_str(), out.bytes.data()) != 1 || !length || *length > whole) {
    return Error::invalid(concat(quote(text), " is no address"));
  }
  out.length = *length;
  return out;
}

Result<std::string> parse_mac(std::string_view text) {
  std::string out;
  for (const std::string& part : split(text, ':')) {
    const std::optional<uint8_t> byte = parse_number<uint8_t>(part, 16);
    if (!byte || part.size() != 2) {
      break;
    }
    out.push_back(static_cast<char>(*byte));
  }
  if (out.size() != kMacSize || text.size() != 3 * kMacSize - 1) {
    return Error::invalid(concat("mac ", quote(text), " is not six pairs of hexadecimal digits"));
  }
  return out;
}

Status apply_network(const vm::Network& network) {
  TRY_ASSIGN(NetlinkSocket socket, NetlinkSocket::open());
  TRY_ASSIGN(const int loopback, index_of("lo"));
  TRY(set_up(socket, loopback).context("lo"));
  std::vector<std::string> names;
  for (const vm::Interface& interface : network.interfaces) {
    TRY(apply_interface(socket, interface).context(concat("interface ", interface.mac)));
    names.push_back(interface.name);
  }
  TRY(remove_spare_cards(names));
  for (const vm::Neighbour& neighbour : network.neighbours) {
    TRY(add_neighbour(socket, neighbour).context(concat("neighbour ", neighbour.address)));
  }
  for (const vm::Route& route : network.routes) {
    TRY(add_route(socket, route).context(concat("route ", route.destination)));
  }
  return {};
}

}  // namespace redoubt::agent
