// network.connect and network.bind: programs of the cgroup, Landlock's ports under them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hardened.h"
#include "policy/harden.h"

namespace redoubt::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kNetwork[] =
    R"(,"network":{"connect":[{"address":"10.0.0.0/8","ports":["443","8000-8001"],"protocol":"tcp","reason":"r"},
                              {"address":"::ffff:192.0.2.1","ports":["53"],"protocol":"udp","reason":"r"}],
                   "bind":[{"address":"none","reason":"r"}]})";

Effective network_policy(const std::string& mode = "preferred", const std::string& members = kNetwork) {
  return policy_of({{"io.redoubt.profile", "p"}, {"io.redoubt.mode", mode}}, "", profile_text(members));
}

plan::HostFacts host_with(bool cgroup_bpf, int landlock_abi) {
  plan::HostFacts host = capable_host();
  host.cgroup_bpf_network = cgroup_bpf;
  host.landlock_abi = landlock_abi;
  return host;
}

TEST(HardenNetwork, PutsTheListsIntoTheCgroupAndThePortsIntoLandlock) {
  const auto plan = hardened(small_spec(), network_policy("required"), host_with(true, 7));
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  const plan::NetworkFilter& filter = plan->cgroup.network;
  EXPECT_TRUE(filter.restricts_connect && filter.restricts_bind && filter.bind.empty());
  ASSERT_EQ(filter.connect.size(), 3U);
  EXPECT_EQ(plan::to_text(filter.connect[0]), "tcp 10.0.0.0/8 443");
  EXPECT_EQ(plan::to_text(filter.connect[2]), "udp 192.0.2.1/32 53");
  EXPECT_EQ(plan->hardening.landlock.ports.size(), 3U);
  EXPECT_EQ(plan->hardening.landlock.handled_net, 3U);
  EXPECT_EQ(decision_of(*plan, "network.connect")->backend, "cgroup-bpf, landlock (TCP ports)");
  EXPECT_EQ(decision_of(*plan, "network.connect")->degradation, "");
  EXPECT_EQ(layer_of(*plan, "cgroup-bpf")->level, "active");
}

TEST(HardenNetwork, GoesWithoutLandlockWhereItHasNoPorts) {
  for (const auto& [abi, members] : {std::pair(3, std::string(kNetwork)),
                                     std::pair(7, std::string(R"(,"network":{"connect":[{"address":"10.0.0.0/8","reason":"r"}]})"))}) {
    const auto plan = hardened(small_spec(), network_policy("required", members), host_with(true, abi));
    ASSERT_TRUE(plan.has_value()) << error_of(plan);
    EXPECT_EQ(decision_of(*plan, "network.connect")->backend, "cgroup-bpf");
    EXPECT_TRUE(plan->hardening.landlock.ports.empty());
    EXPECT_TRUE(plan->cgroup.network.restricts_connect);
  }
}

TEST(HardenNetwork, DegradesToTcpPortsOrRefusesByMode) {
  const auto ports = hardened(small_spec(), network_policy(), host_with(false, 7));
  ASSERT_TRUE(ports.has_value()) << error_of(ports);
  EXPECT_FALSE(ports->cgroup.network.active());
  EXPECT_EQ(decision_of(*ports, "network.connect")->backend, "landlock (TCP ports)");
  EXPECT_THAT(decision_of(*ports, "network.connect")->degradation, HasSubstr("addresses and UDP are not covered"));
  EXPECT_EQ(layer_of(*ports, "cgroup-bpf")->level, "degraded");
  const auto nothing = hardened(small_spec(), network_policy(), host_with(false, 0));
  ASSERT_TRUE(nothing.has_value()) << error_of(nothing);
  EXPECT_EQ(decision_of(*nothing, "network.connect")->backend, "");
  EXPECT_THAT(error_of(hardened(small_spec(), network_policy("required"), host_with(false, 7))), HasSubstr("network.connect (p.json:1) cannot be enforced"));
}

TEST(HardenNetwork, SaysHowACapabilityGetsRoundIt) {
  const struct {
    const char *capability, *words;
  } ways[] = {{"CAP_NET_RAW", "raw packet sockets pass"},
              {"CAP_NET_ADMIN", "addresses can be translated"},
              {"CAP_SYS_ADMIN", "the programs can be detached"}};
  for (const auto& way : ways) {
    const auto plan = hardened(spec_with({way.capability}), network_policy(), host_with(true, 7));
    ASSERT_TRUE(plan.has_value()) << error_of(plan);
    EXPECT_THAT(decision_of(*plan, "network.bind")->degradation, HasSubstr(way.words));
    EXPECT_TRUE(plan->cgroup.network.active());
    EXPECT_THAT(error_of(hardened(spec_with({way.capability}), network_policy("required"), host_with(true, 7))), HasSubstr(way.words));
  }
}

TEST(HardenNetwork, PacketSocketsThatAreClosedAreNoWayRound) {
  const std::string families = R"("families":[{"names":["AF_INET","AF_UNIX"],"reason":"r"}],)";
  std::string members = kNetwork;
  members.insert(members.find("\"connect\""), families);
  const auto plan = hardened(spec_with({"CAP_NET_RAW"}), network_policy("required", members), host_with(true, 7));
  EXPECT_TRUE(plan.has_value()) << error_of(plan);
}

TEST(HardenNetwork, AuditDeniesNothing) {
  const Effective audit = policy_of({{"io.redoubt.profile", "p"}},
                                    R"(,"node":{"allowedProfiles":[{"names":["p"],"reason":"r"}]})",
                                    profile_text(std::string(R"(,"mode":{"value":"audit","reason":"r"})") + kNetwork));
  const auto plan = hardened(small_spec(), audit, host_with(true, 7));
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_EQ(plan->hardening.mode, "audit");
  EXPECT_FALSE(plan->cgroup.network.active());
  EXPECT_FALSE(plan->hardening.landlock.active());
  EXPECT_EQ(decision_of(*plan, "network.connect")->degradation, "no audit mode: nothing is denied");
  EXPECT_EQ(layer_of(*plan, "cgroup-bpf")->level, "audit");
}

TEST(HardenNetwork, RefusesMoreEndpointsThanAProgramHolds) {
  std::string ports;
  for (int port = 1; port <= 257; ++port) {
    ports += concat(port == 1 ? "\"" : ",\"", 2 * port, "\"");
  }
  const std::string members = concat(R"(,"network":{"connect":[{"address":"any","ports":[)", ports, R"(],"reason":"r"}]})");
  EXPECT_THAT(error_of(hardened(small_spec(), network_policy("preferred", members), host_with(true, 7))),
              HasSubstr("network.connect (p.json:1): 1028 endpoints are more than the limit of 1024"));
}

std::vector<uint64_t> landlock_ports(std::string_view ports) {
  const std::string members = concat(R"(,"network":{"connect":[{"address":"any","ports":[)", ports, R"(],"protocol":"tcp","reason":"r"}]})");
  const auto plan = hardened(small_spec(), network_policy("preferred", members), host_with(true, 7));
  std::vector<uint64_t> found;
  for (const plan::LandlockPort& port : plan->hardening.landlock.ports) {
    found.push_back(port.port);
  }
  return found;
}

TEST(HardenNetwork, GivesLandlockEachPortOnceAndNoneOfTooMany) {
  EXPECT_THAT(landlock_ports(R"("7-12","5-9","8","1","10-10")"), ElementsAre(1, 5, 6, 7, 8, 9, 10, 11, 12));
  EXPECT_THAT(landlock_ports(R"("65535")"), ElementsAre(65535));
  EXPECT_EQ(landlock_ports(R"("1-4096","2000-3000")").size(), 4096U);
  EXPECT_TRUE(landlock_ports(R"("1-4096","9000")").empty());
}

TEST(HardenNetwork, OnlyAPolicyWithListsNeedsToKnow) {
  EXPECT_FALSE(restricts_network(policy_of({})));
  EXPECT_TRUE(restricts_network(network_policy()));
  EXPECT_TRUE(restricts_network(policy_of({}, R"(,"node":{"privileged":{"value":"floor","reason":"r"}},"network":{"bind":[{"address":"any","reason":"r"}]})")));
}

}  // namespace
}  // namespace redoubt::policy
