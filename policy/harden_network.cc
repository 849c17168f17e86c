// network.connect and network.bind. The cgroup's programs hold addresses, ports and both protocols;
// Landlock holds the TCP ports under them as a second layer, or alone where no program can be
// loaded, and then what it cannot see is said.
#include <linux/capability.h>

#include <algorithm>
#include <utility>

#include "base/str.h"
#include "policy/document/endpoint.h"
#include "policy/harden.h"

namespace redoubt::policy {
namespace {

// Headers of Debian 12 end at ABI 2.
constexpr uint64_t kNetBindTcp = uint64_t{1} << 0;     // ABI 4
constexpr uint64_t kNetConnectTcp = uint64_t{1} << 1;  // ABI 4
constexpr int kAbiNetwork = 4;
constexpr size_t kMaxPorts = 4096;

Result<std::vector<plan::NetworkEndpoint>> endpoints_of(const Hardener& h, Field field) {
  std::vector<plan::NetworkEndpoint> endpoints;
  for (const Entry& entry : h.policy[field].entries) {
    if (const auto endpoint = parse_endpoint(entry.key)) {
      endpoints.push_back(*endpoint);
    }
  }
  if (endpoints.size() > plan::kMaxNetworkEndpoints) {
    return Error::invalid(concat(info_of(field).path,
                                 " (",
                                 h.source_of(field),
                                 "): ",
                                 endpoints.size(),
                                 " endpoints are more than the limit of ",
                                 plan::kMaxNetworkEndpoints,
                                 "; wider blocks and ranges of ports need fewer"));
  }
  return endpoints;
}

// The TCP ports of the endpoints; nothing when there are more than a ruleset should hold.
std::optional<std::vector<uint16_t>> tcp_ports(
    const std::vector<plan::NetworkEndpoint>& endpoints) {
  std::vector<std::pair<uint32_t, uint32_t>> ranges;
  for (const plan::NetworkEndpoint& endpoint : endpoints) {
    if (!endpoint.udp) {
      ranges.emplace_back(endpoint.first_port, endpoint.last_port);
    }
  }
  std::sort(ranges.begin(), ranges.end());
  std::vector<uint16_t> ports;
  uint32_t next = 0;  // the first that no range before has
  for (const auto& [first, last] : ranges) {
    next = std::max(next, first);
    if (last >= next && ports.size() + (last - next + 1) > kMaxPorts) {
      return std::nullopt;
    }
    for (; next <= last; ++next) {
      ports.push_back(static_cast<uint16_t>(next));
    }
  }
  return ports;
}

// False where Landlock does not know ports or there are too many.
bool restrict_ports(Hardener& h,
                    const std::optional<std::vector<uint16_t>>& ports,
                    uint64_t access) {
  if (h.host.landlock_abi < kAbiNetwork || !ports) {
    return false;
  }
  plan::Landlock& landlock = h.plan.hardening.landlock;
  landlock.handled_net |= access;
  for (const uint16_t port : *ports) {
    landlock.ports.push_back({port, access});
  }
  return true;
}

// What Landlock does not see of these endpoints.
std::string unseen_part(const std::vector<plan::NetworkEndpoint>& endpoints) {
  return std::all_of(endpoints.begin(), endpoints.end(), is_any_address)
             ? "UDP is not covered: no cgroup BPF programs can be loaded"
             : "addresses and UDP are not covered: no cgroup BPF programs can be loaded";
}

// How a process of the container gets past the cgroup's programs; empty: it does not.
std::string ways_around(const Hardener& h) {
  const uint64_t bounding = h.plan.process.capabilities.bounding;
  const auto may_have = [bounding](int capability) { return (bounding >> capability & 1) != 0; };
  const bool packet_family = !h.has(Field::kNetworkFamilies) ||
                             find_entry(h.policy[Field::kNetworkFamilies], "AF_PACKET") != nullptr;
  std::vector<std::string> ways;
  if (may_have(CAP_NET_RAW) && packet_family) {
    ways.emplace_back("raw packet sockets pass (CAP_NET_RAW, network.families has AF_PACKET)");
  }
  if (may_have(CAP_NET_ADMIN)) {
    ways.emplace_back("addresses can be translated (CAP_NET_ADMIN)");
  }
  if (may_have(CAP_SYS_ADMIN) && h.plan.find_namespace(plan::NamespaceType::kUser) == nullptr) {
    ways.emplace_back("the programs can be detached (CAP_SYS_ADMIN)");
  }
  return join(ways, "; ");
}

Status enforce_by_programs(Hardener& h, Field field, bool ports_too) {
  const std::string backend = ports_too ? "cgroup-bpf, landlock (TCP ports)" : "cgroup-bpf";
  std::string ways = ways_around(h);
  if (!ways.empty()) {
    return h.degrade(field, backend, std::move(ways));
  }
  h.decide(field, value_text(info_of(field), h.policy[field]), backend);
  return {};
}

Status harden_endpoints(Hardener& h, Field field, uint64_t access) {
  if (!h.has(field)) {
    return {};
  }
  if (h.audits()) {
    h.decide(
        field, value_text(info_of(field), h.policy[field]), "", "no audit mode: nothing is denied");
    return {};
  }
  TRY_ASSIGN(std::vector<plan::NetworkEndpoint> endpoints, endpoints_of(h, field));
  const auto ports = tcp_ports(endpoints);
  const bool by_landlock = restrict_ports(h, ports, access);
  if (h.host.cgroup_bpf_network) {
    plan::NetworkFilter& filter = h.plan.cgroup.network;
    const bool connect = field == Field::kNetworkConnect;
    (connect ? filter.restricts_connect : filter.restricts_bind) = true;
    (connect ? filter.connect : filter.bind) = std::move(endpoints);
    return h.by_guest ? h.degrade(field, "", "") : enforce_by_programs(h, field, by_landlock);
  }
  if (by_landlock) {
    return h.degrade(field, "landlock (TCP ports)", unseen_part(endpoints));
  }
  return h.degrade(field,
                   "",
                   ports ? "needs cgroup BPF programs, or Landlock ABI 4 for TCP ports"
                         : "needs cgroup BPF programs: too many ports for Landlock");
}

void describe_layer(Hardener& h) {
  const bool asked = h.has(Field::kNetworkConnect) || h.has(Field::kNetworkBind);
  if (!asked) {
    h.layer("cgroup-bpf", "off", "devices only: the profile asks for nothing of the network");
  } else if (h.audits()) {
    h.layer("cgroup-bpf", "audit", "no audit mode: nothing of the network is denied");
  } else if (!h.plan.cgroup.network.active()) {
    h.layer("cgroup-bpf", "degraded", "devices only: no programs for the network can be loaded");
  } else {
    const plan::NetworkFilter& filter = h.plan.cgroup.network;
    h.layer("cgroup-bpf",
            "active",
            !filter.restricts_bind      ? "connect, sendmsg, socket"
            : !filter.restricts_connect ? "bind, socket"
                                        : "connect, sendmsg, bind, socket");
  }
}

}  // namespace

Status harden_network(Hardener& h) {
  TRY(harden_endpoints(h, Field::kNetworkConnect, kNetConnectTcp));
  TRY(harden_endpoints(h, Field::kNetworkBind, kNetBindTcp));
  describe_layer(h);
  return {};
}

}  // namespace redoubt::policy
