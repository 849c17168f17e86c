#include "policy/document/gather.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/str.h"
#include "policy/document/syscall_sets.h"

namespace redoubt::policy {
namespace {

constexpr const char* kEveryIpv4 = "0.0.0.0/0";
constexpr const char* kEveryIpv6 = "::/0";
constexpr int kTcp = 1;
constexpr int kUdp = 2;

using PortsByProtocols = std::map<int, std::vector<std::string>>;

// Address -> protocols -> ports.
std::map<std::string, PortsByProtocols> by_address(const std::vector<std::string>& keys) {
  std::map<std::string, std::map<std::string, int>> protocols;
  for (const std::string& key : keys) {
    const std::vector<std::string> parts = split(key, ' ');
    protocols[parts[1]][parts[2]] |= parts[0] == "tcp" ? kTcp : kUdp;
  }
  std::map<std::string, PortsByProtocols> gathered;
  for (const auto& [address, ports] : protocols) {
    for (const auto& [range, mask] : ports) {
      gathered[address][mask].push_back(range);
    }
  }
  return gathered;
}

json::Value endpoint_json(const std::string& address, int mask, const std::vector<std::string>& ports) {
  json::Value list{json::Array()};
  for (const std::string& range : ports) {
    list.push(range);
  }
  json::Value rule;
  rule.set("address", address).set("ports", std::move(list));
  return rule.set("protocol", mask == kTcp ? "tcp" : mask == kUdp ? "udp" : "any");
}

}  // namespace

std::vector<std::string> gather_syscalls(const std::vector<std::string>& names) {
  std::vector<std::string> gathered;
  std::set<std::string_view> covered;
  for (const SyscallSet& set : syscall_sets()) {
    if (std::includes(names.begin(), names.end(), set.syscalls.begin(), set.syscalls.end())) {
      gathered.emplace_back(set.name);
      covered.insert(set.syscalls.begin(), set.syscalls.end());
    }
  }
  std::copy_if(names.begin(), names.end(), std::back_inserter(gathered), [&](const std::string& name) {
    return covered.find(name) == covered.end();
  });
  return gathered;
}

std::vector<json::Value> gather_endpoints(const std::vector<std::string>& keys) {
  std::map<std::string, PortsByProtocols> addresses = by_address(keys);
  std::vector<json::Value> rules;
  const PortsByProtocols ipv4 = addresses[kEveryIpv4];
  for (const auto& [mask, ports] : ipv4) {
    const auto ipv6 = addresses[kEveryIpv6].find(mask);
    if (ipv6 != addresses[kEveryIpv6].end() && ipv6->second == ports) {
      rules.push_back(endpoint_json("any", mask, ports));
      addresses[kEveryIpv4].erase(mask);
      addresses[kEveryIpv6].erase(mask);
    }
  }
  for (const auto& [address, protocols] : addresses) {
    for (const auto& [mask, ports] : protocols) {
      rules.push_back(endpoint_json(address, mask, ports));
    }
  }
  return rules;
}

}  // namespace redoubt::policy
