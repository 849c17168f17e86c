#include "escalate-vm/monitor/network_state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include <algorithm>
#include <optional>

#include "base/str.h"
#include "escalate-vm/protocol/hex.h"
#include "sandbox/net_device_netlink.h"

namespace redoubt::vm {
namespace {

using sandbox::NetlinkAttribute;
using sandbox::NetlinkReply;

constexpr int kDumpAttempts = 5;

// One entry of a dump: the fixed part and the attributes (views into the reply).
template <typename Fixed>
struct Entry {
  Fixed fixed{};
  std::vector<NetlinkAttribute> attributes;

  std::string_view payload(uint16_t type) const {
    const NetlinkAttribute* found = sandbox::find_attribute(attributes, type);
    return found == nullptr ? std::string_view() : found->payload;
  }
  uint32_t number(uint16_t type) const {
    uint32_t value = 0;
    const std::string_view bytes = payload(type);
    memcpy(&value, bytes.data(), bytes.size() == sizeof value ? sizeof value : 0);
    return value;
  }
};

template <typename Fixed>
std::optional<Entry<Fixed>> parse(const NetlinkReply& reply, uint16_t wanted) {
  Entry<Fixed> entry;
  if (reply.type != wanted || reply.payload.size() < sizeof entry.fixed) {
    return std::nullopt;
  }
  memcpy(&entry.fixed, reply.payload.data(), sizeof entry.fixed);
  auto attributes = sandbox::parse_attributes(std::string_view(reply.payload).substr(NLMSG_ALIGN(sizeof entry.fixed)));
  if (!attributes) {
    return std::nullopt;
  }
  entry.attributes = std::move(*attributes);
  return entry;
}

// A dump that changes on the way is broken off with EINTR, and what is left of it stays in the socket.
Result<std::vector<NetlinkReply>> dump(uint16_t type, const void* fixed, size_t size) {
  const sandbox::NetlinkMessage message(type, NLM_F_DUMP, fixed, size);
  for (int attempt = 1;; ++attempt) {
    TRY_ASSIGN(sandbox::NetlinkSocket socket, sandbox::NetlinkSocket::open());
    Result<std::vector<NetlinkReply>> replies = socket.request(message);
    if (replies || replies.error().err() != EINTR || attempt == kDumpAttempts) {
      return replies;
    }
  }
}

// "" when the length is not that of the family.
std::string address_text(int family, std::string_view bytes) {
  char text[INET6_ADDRSTRLEN] = {};
  const size_t length = family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
  return bytes.size() == length && ::inet_ntop(family, bytes.data(), text, sizeof text) != nullptr ? text : "";
}

EthernetLink* find_link(std::vector<EthernetLink>& links, uint32_t index) {
  const auto found = std::find_if(links.begin(), links.end(), [&](const EthernetLink& link) {
    return link.index == static_cast<int>(index);
  });
  return found == links.end() ? nullptr : &*found;
}

const EthernetLink* find_link(const std::vector<EthernetLink>& links, uint32_t index) {
  return find_link(const_cast<std::vector<EthernetLink>&>(links), index);
}

Status add_addresses(std::vector<EthernetLink>& links) {
  const ifaddrmsg fixed{};
  TRY_ASSIGN(const std::vector<NetlinkReply> replies, dump(RTM_GETADDR, &fixed, sizeof fixed));
  for (const NetlinkReply& reply : replies) {
    const auto entry = parse<ifaddrmsg>(reply, RTM_NEWADDR);
    EthernetLink* link = entry ? find_link(links, entry->fixed.ifa_index) : nullptr;
    // Link-local ones follow from the MAC address, in the guest as here.
    if (link == nullptr || entry->fixed.ifa_scope == RT_SCOPE_LINK) {
      continue;
    }
    const std::string_view local = entry->payload(IFA_LOCAL);
    const std::string text = address_text(entry->fixed.ifa_family, local.empty() ? entry->payload(IFA_ADDRESS) : local);
    if (!text.empty()) {
      link->interface.addresses.push_back(concat(text, "/", unsigned{entry->fixed.ifa_prefixlen}));
    }
  }
  return {};
}

std::optional<Route> parse_route(const NetlinkReply& reply, const std::vector<EthernetLink>& links) {
  const auto entry = parse<rtmsg>(reply, RTM_NEWROUTE);
  if (!entry || entry->fixed.rtm_table != RT_TABLE_MAIN || entry->fixed.rtm_type != RTN_UNICAST ||
      entry->fixed.rtm_protocol == RTPROT_KERNEL || (entry->fixed.rtm_flags & RTM_F_CLONED) != 0) {
    return std::nullopt;
  }
  const EthernetLink* link = find_link(links, entry->number(RTA_OIF));
  if (link == nullptr) {
    return std::nullopt;
  }
  Route route;
  route.device = link->interface.name;
  route.gateway = address_text(entry->fixed.rtm_family, entry->payload(RTA_GATEWAY));
  const std::string destination = address_text(entry->fixed.rtm_family, entry->payload(RTA_DST));
  route.destination = destination.empty() ? "default" : concat(destination, "/", unsigned{entry->fixed.rtm_dst_len});
  return route;
}

}  // namespace

Result<std::vector<EthernetLink>> list_links() {
  const ifinfomsg fixed{};
  TRY_ASSIGN(const std::vector<NetlinkReply> replies, dump(RTM_GETLINK, &fixed, sizeof fixed));
  std::vector<EthernetLink> links;
  for (const NetlinkReply& reply : replies) {
    const auto entry = parse<ifinfomsg>(reply, RTM_NEWLINK);
    if (!entry || entry->fixed.ifi_type != ARPHRD_ETHER) {
      continue;
    }
    EthernetLink& link = links.emplace_back();
    link.index = entry->fixed.ifi_index;
    link.up = (entry->fixed.ifi_flags & IFF_UP) != 0;
    const std::string_view name = entry->payload(IFLA_IFNAME);
    link.interface.name = name.substr(0, name.find('\0'));
    link.interface.mac = mac_text(entry->payload(IFLA_ADDRESS));
    link.interface.mtu = entry->number(IFLA_MTU);
  }
  std::sort(links.begin(), links.end(), [](const EthernetLink& a, const EthernetLink& b) { return a.index < b.index; });
  TRY(add_addresses(links));
  return links;
}

// Those on the link come first: the gateways of the others are reached by them.
Result<std::vector<Route>> list_routes(const std::vector<EthernetLink>& links) {
  const rtmsg fixed{};
  TRY_ASSIGN(const std::vector<NetlinkReply> replies, dump(RTM_GETROUTE, &fixed, sizeof fixed));
  std::vector<Route> routes;
  for (const NetlinkReply& reply : replies) {
    if (std::optional<Route> route = parse_route(reply, links)) {
      routes.push_back(*std::move(route));
    }
  }
  std::stable_partition(routes.begin(), routes.end(), [](const Route& route) { return route.gateway.empty(); });
  return routes;
}

Result<std::vector<Neighbour>> list_neighbours(const std::vector<EthernetLink>& links) {
  const ndmsg fixed{};
  TRY_ASSIGN(const std::vector<NetlinkReply> replies, dump(RTM_GETNEIGH, &fixed, sizeof fixed));
  std::vector<Neighbour> neighbours;
  for (const NetlinkReply& reply : replies) {
    const auto entry = parse<ndmsg>(reply, RTM_NEWNEIGH);
    const EthernetLink* link = entry ? find_link(links, static_cast<uint32_t>(entry->fixed.ndm_ifindex)) : nullptr;
    if (link == nullptr || (entry->fixed.ndm_state & NUD_PERMANENT) == 0) {
      continue;
    }
    const std::string address = address_text(entry->fixed.ndm_family, entry->payload(NDA_DST));
    if (!address.empty()) {
      neighbours.push_back({address, mac_text(entry->payload(NDA_LLADDR)), link->interface.name});
    }
  }
  return neighbours;
}

}  // namespace redoubt::vm
