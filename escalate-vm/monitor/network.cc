#include "escalate-vm/monitor/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>

#include <algorithm>

#include "base/io.h"
#include "base/str.h"
#include "escalate-vm/monitor/network_state.h"
#include "escalate-vm/protocol/hex.h"
#include "sandbox/net_device_netlink.h"

namespace redoubt::vm {
namespace {

constexpr char kTapName[] = "redoubt%d";
constexpr size_t kMaxCards = 8;
constexpr uint32_t kIngressParent = 0xffff0000;

std::string attribute(uint16_t type, std::string_view payload) {
  const rtattr header{static_cast<uint16_t>(RTA_LENGTH(payload.size())), type};
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes.append(payload);
  bytes.resize(RTA_ALIGN(bytes.size()));
  return bytes;
}

template <typename T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

Status request(const sandbox::NetlinkMessage& message, std::string_view what) {
  TRY_ASSIGN(sandbox::NetlinkSocket socket, sandbox::NetlinkSocket::open());
  const Result<std::vector<sandbox::NetlinkReply>> replies = socket.request(message);
  return replies ? Status() : Status(Error(replies.error()).add_context(what));
}

Status bring_up(int index, uint32_t mtu) {
  ifinfomsg fixed{};
  fixed.ifi_index = index;
  fixed.ifi_flags = fixed.ifi_change = IFF_UP;
  sandbox::NetlinkMessage message(RTM_NEWLINK, 0, &fixed, sizeof fixed);
  TRY(message.put_u32(IFLA_MTU, mtu));
  return request(message, "bring the machine's tap up");
}

Status add_ingress(int index) {
  tcmsg fixed{};
  fixed.tcm_family = AF_UNSPEC;
  fixed.tcm_ifindex = index;
  fixed.tcm_handle = kIngressParent;
  fixed.tcm_parent = TC_H_INGRESS;
  sandbox::NetlinkMessage message(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof fixed);
  TRY(message.put_text(TCA_KIND, "ingress"));
  return request(message, "ingress queue (kernel module sch_ingress)");
}

// Everything that comes in by `from` goes out by `to`. u32 with a key that matches all, because some
// kernels lack the classifier matchall.
Status redirect(int from, int to) {
  TRY(add_ingress(from));
  tc_u32_sel selector{};
  selector.flags = TC_U32_TERMINAL;
  selector.nkeys = 1;
  const tc_u32_key any{};
  tc_mirred mirred{};
  mirred.action = TC_ACT_STOLEN;
  mirred.eaction = TCA_EGRESS_REDIR;
  mirred.ifindex = static_cast<uint32_t>(to);
  const std::string action =
      attribute(TCA_ACT_KIND, std::string_view("mirred", sizeof "mirred")) +
      attribute(TCA_ACT_OPTIONS | NLA_F_NESTED, attribute(TCA_MIRRED_PARMS, bytes_of(mirred)));
  const std::string options = attribute(TCA_U32_SEL, concat(bytes_of(selector), bytes_of(any))) +
                              attribute(TCA_U32_ACT | NLA_F_NESTED, attribute(1 | NLA_F_NESTED, action));
  tcmsg fixed{};
  fixed.tcm_family = AF_UNSPEC;
  fixed.tcm_ifindex = from;
  fixed.tcm_parent = kIngressParent;
  fixed.tcm_info = TC_H_MAKE(1U << 16, htons(ETH_P_ALL));
  sandbox::NetlinkMessage message(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof fixed);
  TRY(message.put_text(TCA_KIND, "u32"));
  TRY(message.put(TCA_OPTIONS | NLA_F_NESTED, options));
  return request(message, "redirection between interface and tap (kernel modules cls_u32, act_mirred)");
}

// Locally administered, unicast: no other card has it.
Result<std::string> random_mac() {
  std::string bytes(6, '\x52');
  constexpr size_t kRandom = 5;
  if (::getrandom(bytes.data() + 1, kRandom, 0) != static_cast<ssize_t>(kRandom)) {
    return Error::system(errno, "getrandom");
  }
  return mac_text(bytes);
}

}  // namespace

Result<MachineNetwork> MachineNetwork::make_taps() {
  TRY_ASSIGN(const std::vector<EthernetLink> links, list_links());
  MachineNetwork network;
  const size_t count = std::clamp<size_t>(links.size(), 1, kMaxCards);
  while (network.taps_.size() < count) {
    Tap& tap = network.taps_.emplace_back();
    TRY_ASSIGN(tap.fd, open_at(AT_FDCWD, "/dev/net/tun", O_RDWR | O_NONBLOCK));
    ifreq wanted{};
    ::memcpy(wanted.ifr_name, kTapName, sizeof kTapName);
    wanted.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    if (::ioctl(tap.fd.get(), TUNSETIFF, &wanted) != 0) {
      return Error::system(errno, "make a tap for the machine (kernel module tun)");
    }
    tap.index = static_cast<int>(::if_nametoindex(wanted.ifr_name));
    TRY_ASSIGN(tap.mac, random_mac());
  }
  return network;
}

std::vector<Card> MachineNetwork::cards() const {
  std::vector<Card> cards;
  for (const Tap& tap : taps_) {
    cards.push_back({tap.mac, tap.fd.get()});
  }
  return cards;
}

Result<Network> MachineNetwork::connect() {
  TRY_ASSIGN(std::vector<EthernetLink> links, list_links());
  std::erase_if(links, [this](const EthernetLink& link) {
    return !link.up || std::any_of(taps_.begin(), taps_.end(), [&](const Tap& tap) { return tap.index == link.index; });
  });
  if (links.size() > taps_.size()) {
    return Error(ErrorKind::kSystem,
                 concat("the container has ", links.size(), " network interfaces, its machine was made with ",
                        taps_.size(), " (connect them before create)"));
  }
  Network network;
  for (size_t i = 0; i < links.size(); ++i) {
    TRY(bring_up(taps_[i].index, links[i].interface.mtu));
    TRY(redirect(links[i].index, taps_[i].index));
    TRY(redirect(taps_[i].index, links[i].index));
    network.interfaces.push_back(links[i].interface);
    network.interfaces.back().card = taps_[i].mac;
  }
  TRY_ASSIGN(network.routes, list_routes(links));
  TRY_ASSIGN(network.neighbours, list_neighbours(links));
  return network;
}

}  // namespace redoubt::vm
