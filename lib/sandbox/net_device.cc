#include "sandbox/net_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include <optional>

#include "base/io.h"
#include "base/str.h"
#include "base/unique_fd.h"
#include "sandbox/net_device_netlink.h"

namespace redoubt::sandbox {
namespace {

constexpr int kDumpAttempts = 5;
// Flags that describe how an address was configured, not the state it happens to be in.
constexpr uint32_t kKeptAddressFlags =
    IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN;

struct Link {
  int index = 0;
  bool up = false;
};

struct Address {
  ifaddrmsg fixed{};
  uint32_t flags = 0;
  std::string local, peer, broadcast;
};

Result<Link> find_link(NetlinkSocket& socket, const std::string& name) {
  const ifinfomsg fixed{};
  NetlinkMessage message(RTM_GETLINK, 0, &fixed, sizeof fixed);
  TRY(message.put_text(IFLA_IFNAME, name));
  TRY_ASSIGN(const std::vector<NetlinkReply> replies, socket.request(message));
  for (const NetlinkReply& reply : replies) {
    if (reply.type == RTM_NEWLINK && reply.payload.size() >= sizeof(ifinfomsg)) {
      ifinfomsg found{};
      memcpy(&found, reply.payload.data(), sizeof found);
      return Link{found.ifi_index, (found.ifi_flags & IFF_UP) != 0};
    }
  }
  return Error::system(ENODEV, "RTM_GETLINK");
}

std::string payload_of(const std::vector<NetlinkAttribute>& attributes, uint16_t type) {
  const NetlinkAttribute* found = find_attribute(attributes, type);
  return found == nullptr ? std::string() : std::string(found->payload);
}

// An address that an administrator gave the device and that means the same elsewhere.
std::optional<Address> parse_address(const NetlinkReply& reply, int index) {
  Address address;
  if (reply.type != RTM_NEWADDR || reply.payload.size() < sizeof address.fixed) {
    return std::nullopt;
  }
  memcpy(&address.fixed, reply.payload.data(), sizeof address.fixed);
  const auto attributes =
      parse_attributes(std::string_view(reply.payload).substr(NLMSG_ALIGN(sizeof address.fixed)));
  if (!attributes || address.fixed.ifa_index != static_cast<unsigned>(index)) {
    return std::nullopt;
  }
  address.flags = address.fixed.ifa_flags;
  if (const NetlinkAttribute* wide = find_attribute(*attributes, IFA_FLAGS);
      wide != nullptr && wide->payload.size() == sizeof address.flags) {
    memcpy(&address.flags, wide->payload.data(), sizeof address.flags);
  }
  if ((address.flags & IFA_F_PERMANENT) == 0 || address.fixed.ifa_scope != RT_SCOPE_UNIVERSE) {
    return std::nullopt;
  }
  address.local = payload_of(*attributes, IFA_LOCAL);
  address.peer = payload_of(*attributes, IFA_ADDRESS);
  address.broadcast = payload_of(*attributes, IFA_BROADCAST);
  return address;
}

Result<std::vector<Address>> list_addresses(NetlinkSocket& socket, int index) {
  const ifaddrmsg fixed{};
  const NetlinkMessage message(RTM_GETADDR, NLM_F_DUMP, &fixed, sizeof fixed);
  Result<std::vector<NetlinkReply>> replies = socket.request(message);
  for (int attempt = 1; !replies && replies.error().err() == EINTR && attempt < kDumpAttempts;
       ++attempt) {
    TRY_ASSIGN(socket,
               NetlinkSocket::open());  // the rest of the broken list is still in the old one
    replies = socket.request(message);
  }
  if (!replies) {
    return std::move(replies).error();
  }
  std::vector<Address> addresses;
  for (const NetlinkReply& reply : *replies) {
    if (std::optional<Address> address = parse_address(reply, index)) {
      addresses.push_back(*std::move(address));
    }
  }
  return addresses;
}

Status add_address(NetlinkSocket& socket, int index, const Address& address) {
  ifaddrmsg fixed = address.fixed;
  fixed.ifa_index = static_cast<unsigned>(index);
  fixed.ifa_flags = 0;
  NetlinkMessage message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &fixed, sizeof fixed);
  const std::pair<uint16_t, const std::string&> parts[] = {
      {IFA_LOCAL, address.local}, {IFA_ADDRESS, address.peer}, {IFA_BROADCAST, address.broadcast}};
  for (const auto& [attribute, bytes] : parts) {
    if (!bytes.empty()) {
      TRY(message.put(attribute, bytes));
    }
  }
  TRY(message.put_u32(IFA_FLAGS, address.flags & kKeptAddressFlags));
  TRY(socket.request(message).context("add address"));
  return {};
}

Status set_up(NetlinkSocket& socket, int index, bool up) {
  ifinfomsg fixed{};
  fixed.ifi_index = index;
  fixed.ifi_change = IFF_UP;
  fixed.ifi_flags = up ? IFF_UP : 0;
  const NetlinkMessage message(RTM_NEWLINK, 0, &fixed, sizeof fixed);
  TRY(socket.request(message).context(up ? "set link up" : "set link down"));
  return {};
}

Status move_link(NetlinkSocket& socket, int index, int netns_fd, const std::string& name) {
  ifinfomsg fixed{};
  fixed.ifi_index = index;
  NetlinkMessage message(RTM_NEWLINK, 0, &fixed, sizeof fixed);
  TRY(message.put_u32(IFLA_NET_NS_FD, static_cast<uint32_t>(netns_fd)));
  TRY(message.put_text(IFLA_IFNAME, name));
  TRY(socket.request(message).context("move and rename link"));
  return {};
}

// One move under way.
struct Move {
  NetlinkSocket host, target;
  UniqueFd home;  // the host's network namespace
  const std::string& host_name;
  const std::string& name;
  Link link;
  bool host_name_is_free = false;  // in the target
  std::vector<Address> addresses;
};

// A move with a new name is no single act: unless the old name is taken over there, the kernel
// moves first and renames then, so after a failure the device may be on either side under its old
// name (__dev_change_net_namespace and do_setlink, net/core).
void bring_home(Move& m, const std::string& name_there) {
  if (const Result<Link> there = find_link(m.target, name_there)) {
    ignore(set_up(m.target, there->index, false), "moves up as well");
    ignore(move_link(m.target, there->index, m.home.get(), m.host_name), "looked for below");
  }
}

// Best effort: the error that led here is what the caller reads.
void put_back(Move& m) {
  const Result<Link> link = find_link(m.host, m.host_name);
  if (!link) {
    return;
  }
  for (const Address& address : m.addresses) {
    ignore(add_address(m.host, link->index, address), "best effort");
  }
  if (m.link.up) {
    ignore(set_up(m.host, link->index, true), "best effort");
  }
}

Status configure_moved(Move& m) {
  TRY_ASSIGN(const Link link, find_link(m.target, m.name));
  for (const Address& address : m.addresses) {
    TRY(add_address(m.target, link.index, address));
  }
  return set_up(m.target, link.index, true);
}

Result<Move> prepare(const std::string& host_name, int netns_fd, const std::string& name) {
  TRY_ASSIGN(UniqueFd home, open_at(AT_FDCWD, "/proc/thread-self/ns/net", O_RDONLY));
  TRY_ASSIGN(NetlinkSocket host, NetlinkSocket::open());
  TRY_ASSIGN(NetlinkSocket target, NetlinkSocket::open_in(netns_fd));
  TRY_ASSIGN(const Link link, find_link(host, host_name));
  if (find_link(target, name)) {
    return Error::system(EEXIST, concat("device ", name, " in the container's namespace"));
  }
  const bool host_name_is_free = !find_link(target, host_name);
  // Before it goes down: the kernel drops IPv6 addresses then.
  TRY_ASSIGN(std::vector<Address> addresses, list_addresses(host, link.index));
  return Move{std::move(host),
              std::move(target),
              std::move(home),
              host_name,
              name,
              link,
              host_name_is_free,
              std::move(addresses)};
}

Status move_device(const std::string& host_name, int netns_fd, const std::string& name) {
  TRY_ASSIGN(Move m, prepare(host_name, netns_fd, name));
  TRY(set_up(m.host, m.link.index, false));
  if (Status moved = move_link(m.host, m.link.index, netns_fd, name); !moved) {
    if (m.host_name_is_free && !find_link(m.host, host_name)) {
      bring_home(m, host_name);
    }
    put_back(m);
    return moved;
  }
  if (Status configured = configure_moved(m); !configured) {
    bring_home(m, name);
    put_back(m);
    return configured;
  }
  return {};
}

}  // namespace

bool is_valid_device_name(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ || name == "." || name == "..") {
    return false;
  }
  for (const char c : name) {
    // '%' would make the kernel number the device; control characters never were a name.
    if (c == '/' || c == ':' || c == '%' || static_cast<unsigned char>(c) <= ' ' || c == 0x7f) {
      return false;
    }
  }
  return true;
}

Status move_net_device(const std::string& host_name, int netns_fd, const std::string& new_name) {
  const std::string& name = new_name.empty() ? host_name : new_name;
  for (const std::string& checked : {host_name, name}) {
    if (!is_valid_device_name(checked)) {
      return Error::invalid(concat("linux.netDevices: ", quote(checked), " is not a device name"));
    }
  }
  return move_device(host_name, netns_fd, name)
      .context(concat("move netDevice ", host_name, " to namespace of the container as ", name));
}

}  // namespace redoubt::sandbox
