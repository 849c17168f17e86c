// The generated programs are run in a small interpreter and compared with a matcher that says the
// meaning of a list in the plainest way; where it may, the kernel's verifier judges them as well.
#include "sandbox/network_filter.h"

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include <random>

#include <gtest/gtest.h>

#include "base/str.h"
#include "bpf_interpreter.h"
#include "sandbox/cgroup_program.h"

namespace redoubt::sandbox {
namespace {

using Address = std::array<uint8_t, 16>;
using Endpoints = std::vector<plan::NetworkEndpoint>;

constexpr NetworkHook kHooks[] = {NetworkHook::kConnect4,
                                  NetworkHook::kConnect6,
                                  NetworkHook::kSendmsg4,
                                  NetworkHook::kSendmsg6,
                                  NetworkHook::kBind4,
                                  NetworkHook::kBind6};
constexpr uint32_t kSctp = 132;

bool is_ipv6(NetworkHook hook) {
  return hook == NetworkHook::kConnect6 || hook == NetworkHook::kSendmsg6 ||
         hook == NetworkHook::kBind6;
}

Address address(const char* text) {
  Address bytes{};
  EXPECT_EQ(inet_pton(strchr(text, ':') != nullptr ? AF_INET6 : AF_INET, text, bytes.data()), 1)
      << text;
  return bytes;
}

plan::NetworkEndpoint endpoint(
    const char* text, uint8_t prefix, bool udp, uint16_t first, uint16_t last) {
  plan::NetworkEndpoint made;
  made.udp = udp;
  made.ipv6 = strchr(text, ':') != nullptr;
  made.address = address(text);
  made.prefix = prefix;
  made.first_port = first;
  made.last_port = last;
  for (unsigned bit = prefix; bit < 128; ++bit) {
    made.address[bit / 8] &= static_cast<uint8_t>(~(0x80U >> bit % 8));
  }
  return made;
}

// What a socket asks for; of an IPv4 hook the first four bytes count.
struct Request {
  Address address;
  uint32_t protocol;
  uint16_t port;
};

bool lies_in(const Address& address, const plan::NetworkEndpoint& block) {
  for (unsigned bit = 0; bit < block.prefix; ++bit) {
    if (((address[bit / 8] ^ block.address[bit / 8]) >> (7 - bit % 8) & 1) != 0) {
      return false;
    }
  }
  return true;
}

// Whether endpoints with exactly this block name the port; 0 stands for all of them.
bool names_port(const Endpoints& endpoints, const plan::NetworkEndpoint& block, uint16_t port) {
  const auto named = [&](uint32_t wanted) -> const plan::NetworkEndpoint* {
    for (const plan::NetworkEndpoint& e : endpoints) {
      if (e.udp == block.udp && e.ipv6 == block.ipv6 && e.prefix == block.prefix &&
          e.address == block.address && wanted >= e.first_port && wanted <= e.last_port) {
        return &e;
      }
    }
    return nullptr;
  };
  if (port != 0) {
    return named(port) != nullptr;
  }
  uint32_t next = 1;
  while (const plan::NetworkEndpoint* e = named(next)) {
    next = uint32_t{e->last_port} + 1;
  }
  return next > UINT16_MAX;
}

bool matches(const Endpoints& endpoints, bool ipv6, bool any_address, const Request& request) {
  return std::any_of(endpoints.begin(), endpoints.end(), [&](const plan::NetworkEndpoint& e) {
    return e.ipv6 == ipv6 && e.udp == (request.protocol == IPPROTO_UDP) &&
           (any_address ? e.prefix == 0 : lies_in(request.address, e)) &&
           names_port(endpoints, e, request.port);
  });
}

bool reference_allows(NetworkHook hook, const Endpoints& endpoints, Request request) {
  const bool connect = hook == NetworkHook::kConnect4 || hook == NetworkHook::kConnect6;
  const bool sends = hook == NetworkHook::kSendmsg4 || hook == NetworkHook::kSendmsg6;
  if (request.protocol != IPPROTO_UDP && (sends || request.protocol != IPPROTO_TCP)) {
    return false;
  }
  if (request.protocol == IPPROTO_UDP && request.port == 0 && !connect) {
    return true;
  }
  bool ipv6 = is_ipv6(hook);
  constexpr Address kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (ipv6 && std::equal(kMapped.begin(), kMapped.begin() + 12, request.address.begin())) {
    ipv6 = false;
    std::copy_n(request.address.begin() + 12, 4, request.address.begin());
  }
  const size_t bytes = ipv6 ? 16 : 4;
  const bool unspecified = std::all_of(request.address.begin(),
                                       request.address.begin() + static_cast<ptrdiff_t>(bytes),
                                       [](uint8_t byte) { return byte == 0; });
  if (unspecified) {
    return matches(endpoints, false, true, request) &&
           (!ipv6 || matches(endpoints, true, true, request));
  }
  return matches(endpoints, ipv6, false, request);
}

std::optional<uint32_t> run(NetworkHook hook,
                            const std::vector<bpf_insn>& code,
                            const Request& request) {
  bpf_sock_addr context = {};
  context.protocol = request.protocol;
  context.user_port = htons(request.port);
  memcpy(is_ipv6(hook) ? context.user_ip6 : &context.user_ip4,
         request.address.data(),
         is_ipv6(hook) ? 16 : 4);
  return interpret(code, context);
}

bool allows(NetworkHook hook, const Endpoints& endpoints, const Request& request) {
  const std::vector<bpf_insn> code = build_network_program(hook, endpoints);
  EXPECT_TRUE(is_well_formed(code));
  const std::optional<uint32_t> result = run(hook, code, request);
  EXPECT_TRUE(result.has_value());
  EXPECT_EQ(result.value_or(0) == 1, reference_allows(hook, endpoints, request));
  return result.value_or(0) == 1;
}

TEST(NetworkFilter, AnEmptyListDeniesEverythingButWhatNeedsNoEndpoint) {
  EXPECT_FALSE(allows(NetworkHook::kConnect4, {}, {address("10.0.0.1"), IPPROTO_TCP, 80}));
  EXPECT_FALSE(allows(NetworkHook::kConnect4, {}, {address("10.0.0.1"), IPPROTO_UDP, 0}));
  EXPECT_FALSE(allows(NetworkHook::kBind6, {}, {address("::"), IPPROTO_TCP, 0}));
  EXPECT_TRUE(allows(NetworkHook::kBind6, {}, {address("::"), IPPROTO_UDP, 0}));
  EXPECT_TRUE(allows(NetworkHook::kSendmsg4, {}, {address("0.0.0.0"), IPPROTO_UDP, 0}));
}

TEST(NetworkFilter, MatchesPrefixPortAndProtocol) {
  const Endpoints list = {endpoint("10.0.0.0", 8, false, 443, 443),
                          endpoint("2001:db8::", 33, true, 8000, 8100)};
  EXPECT_TRUE(allows(NetworkHook::kConnect4, list, {address("10.255.0.1"), IPPROTO_TCP, 443}));
  EXPECT_FALSE(allows(NetworkHook::kConnect4, list, {address("11.0.0.1"), IPPROTO_TCP, 443}));
  EXPECT_FALSE(allows(NetworkHook::kConnect4, list, {address("10.0.0.1"), IPPROTO_TCP, 444}));
  EXPECT_FALSE(allows(NetworkHook::kConnect4, list, {address("10.0.0.1"), IPPROTO_UDP, 443}));
  EXPECT_TRUE(allows(NetworkHook::kSendmsg6, list, {address("2001:db8::1"), IPPROTO_UDP, 8100}));
  EXPECT_FALSE(
      allows(NetworkHook::kSendmsg6, list, {address("2001:db8:8000::"), IPPROTO_UDP, 8100}));
  EXPECT_FALSE(allows(NetworkHook::kSendmsg6, list, {address("2001:db8::1"), IPPROTO_UDP, 8101}));
  EXPECT_FALSE(allows(NetworkHook::kSendmsg6, list, {address("2001:db8::1"), IPPROTO_UDP, 7999}));
}

TEST(NetworkFilter, JudgesMappedAddressesByIpv4) {
  const Endpoints list = {endpoint("10.0.0.0", 8, false, 443, 443),
                          endpoint("::", 0, false, 80, 80)};
  EXPECT_TRUE(allows(NetworkHook::kConnect6, list, {address("::ffff:10.0.0.1"), IPPROTO_TCP, 443}));
  EXPECT_FALSE(allows(NetworkHook::kConnect6, list, {address("::ffff:10.0.0.1"), IPPROTO_TCP, 80}));
  EXPECT_TRUE(allows(NetworkHook::kConnect6, list, {address("::fffe:10.0.0.1"), IPPROTO_TCP, 80}));
}

TEST(NetworkFilter, TheUnspecifiedAddressNeedsAllAddresses) {
  const Endpoints wide = {endpoint("0.0.0.0", 1, false, 80, 80), endpoint("::", 0, false, 80, 80)};
  const Endpoints both = {endpoint("0.0.0.0", 0, false, 70, 80), endpoint("::", 0, false, 80, 90)};
  for (const NetworkHook hook : {NetworkHook::kConnect6, NetworkHook::kBind6}) {
    EXPECT_FALSE(allows(hook, wide, {address("::"), IPPROTO_TCP, 80}));
    EXPECT_FALSE(allows(hook, wide, {address("::ffff:0.0.0.0"), IPPROTO_TCP, 80}));
    EXPECT_TRUE(allows(hook, both, {address("::"), IPPROTO_TCP, 80}));
    EXPECT_FALSE(allows(hook, both, {address("::"), IPPROTO_TCP, 81}));
    EXPECT_TRUE(allows(hook, both, {address("::ffff:0.0.0.0"), IPPROTO_TCP, 70}));
  }
  EXPECT_FALSE(allows(NetworkHook::kBind4, wide, {address("0.0.0.0"), IPPROTO_TCP, 80}));
  EXPECT_TRUE(allows(NetworkHook::kBind4, both, {address("0.0.0.0"), IPPROTO_TCP, 80}));
}

TEST(NetworkFilter, SocketsOfTcpAndUdpOnly) {
  const std::vector<bpf_insn> code = build_socket_program();
  EXPECT_TRUE(is_well_formed(code));
  const auto makes = [&](uint32_t type, uint32_t protocol) {
    bpf_sock context = {};
    context.type = type;
    context.protocol = protocol;
    return interpret(code, context);
  };
  constexpr uint32_t kProtocols[] = {0,
                                     IPPROTO_ICMP,
                                     IPPROTO_TCP,
                                     IPPROTO_UDP,
                                     IPPROTO_ICMPV6,
                                     kSctp,
                                     IPPROTO_UDPLITE,
                                     IPPROTO_MPTCP};
  for (const uint32_t type : {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET}) {
    for (const uint32_t protocol : kProtocols) {
      const bool good = (type == SOCK_STREAM && protocol == IPPROTO_TCP) ||
                        (type == SOCK_DGRAM && protocol == IPPROTO_UDP);
      EXPECT_EQ(makes(type, protocol), good ? 1U : 0U) << type << " " << protocol;
    }
  }
}

// Addresses that are near to each other, among them the special ones.
constexpr const char* kWorld4[] = {
    "0.0.0.0", "0.0.0.1", "10.0.0.1", "10.0.128.1", "127.0.0.1", "128.0.0.0", "255.255.255.255"};
constexpr const char* kWorld6[] = {"::",
                                   "::1",
                                   "::fffe:10.0.0.1",
                                   "::ffff:0.0.0.0",
                                   "::ffff:10.0.0.1",
                                   "::ffff:127.0.0.1",
                                   "2001:db8::1",
                                   "2001:db8:0:1::1",
                                   "fe80::1",
                                   "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
constexpr uint16_t kPorts[] = {0, 1, 79, 80, 81, 443, 40000, 65535};

class RandomEndpoints {
 public:
  explicit RandomEndpoints(unsigned seed) : random_(seed) {}

  Endpoints list() {
    Endpoints endpoints(below(9));
    for (plan::NetworkEndpoint& e : endpoints) {
      constexpr uint16_t kRanges[][2] = {
          {1, 65535}, {80, 80}, {80, 443}, {1, 79}, {80, 65535}, {65535, 65535}};
      const auto& range = kRanges[below(std::size(kRanges))];
      const bool ipv6 = below(2) == 0;
      const char* text =
          ipv6 ? kWorld6[below(std::size(kWorld6))] : kWorld4[below(std::size(kWorld4))];
      const uint32_t prefix = below(3) == 0 ? 0 : below(ipv6 ? 129 : 33);
      e = endpoint(text, static_cast<uint8_t>(prefix), below(2) == 0, range[0], range[1]);
      // A policy has no IPv6 blocks within ::ffff:0:0/96.
      e.prefix =
          ipv6 && strncmp(text, "::ffff:", 7) == 0 ? std::min<uint8_t>(e.prefix, 95) : e.prefix;
      e = endpoint(text, e.prefix, e.udp, range[0], range[1]);
    }
    return endpoints;
  }

 private:
  uint32_t below(size_t n) { return static_cast<uint32_t>(random_() % n); }

  std::mt19937 random_;
};

void expect_same_meaning(NetworkHook hook, const Endpoints& endpoints) {
  const std::vector<bpf_insn> code = build_network_program(hook, endpoints);
  ASSERT_TRUE(is_well_formed(code));
  const std::vector<const char*> world = is_ipv6(hook)
                                             ? std::vector(std::begin(kWorld6), std::end(kWorld6))
                                             : std::vector(std::begin(kWorld4), std::end(kWorld4));
  for (const char* text : world) {
    for (const uint16_t port : kPorts) {
      for (const uint32_t protocol : {uint32_t{IPPROTO_TCP}, uint32_t{IPPROTO_UDP}, kSctp}) {
        const Request request = {address(text), protocol, port};
        const std::optional<uint32_t> result = run(hook, code, request);
        ASSERT_TRUE(result.has_value());
        ASSERT_EQ(*result == 1, reference_allows(hook, endpoints, request))
            << text << " port " << port << " protocol " << protocol << " hook "
            << static_cast<int>(hook);
      }
    }
  }
}

TEST(NetworkFilter, MeansWhatTheListSaysForRandomLists) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    const Endpoints endpoints = RandomEndpoints(seed).list();
    for (const NetworkHook hook : kHooks) {
      ASSERT_NO_FATAL_FAILURE(expect_same_meaning(hook, endpoints)) << "seed " << seed;
    }
  }
}

// Nothing merges, and every endpoint is as long as one can be.
Endpoints longest_list() {
  Endpoints endpoints;
  while (endpoints.size() < plan::kMaxNetworkEndpoints) {
    const auto n = static_cast<uint16_t>(endpoints.size());
    endpoints.push_back(endpoint("2001:db8::",
                                 128,
                                 n % 2 == 0,
                                 static_cast<uint16_t>(2 * n + 1),
                                 static_cast<uint16_t>(2 * n + 2)));
    endpoints.back().address[14] = static_cast<uint8_t>(n >> 8);
    endpoints.back().address[15] = static_cast<uint8_t>(n);
  }
  return endpoints;
}

// Every endpoint is in the list of IPv4, in that of all addresses, and in the program of IPv6.
Endpoints longest_list_of_any_address() {
  Endpoints endpoints;
  while (endpoints.size() < plan::kMaxNetworkEndpoints) {
    const auto first = static_cast<uint16_t>(endpoints.size() / 2 * 4 + 1);
    endpoints.push_back(endpoint(endpoints.size() % 2 == 0 ? "::" : "0.0.0.0",
                                 0,
                                 true,
                                 first,
                                 static_cast<uint16_t>(first + 1)));
  }
  return endpoints;
}

TEST(NetworkFilter, TheLargestListStillJumpsCorrectly) {
  const Endpoints list = longest_list();
  const std::vector<bpf_insn> code = build_network_program(NetworkHook::kConnect6, list);
  EXPECT_LT(code.size(), 32768U);
  EXPECT_GT(code.size(), 16U * list.size());
  for (const size_t n : {size_t{0}, size_t{1}, list.size() - 2, list.size() - 1}) {
    const Request good = {
        list[n].address, list[n].udp ? IPPROTO_UDP : IPPROTO_TCP, list[n].last_port};
    EXPECT_TRUE(allows(NetworkHook::kConnect6, list, good));
    EXPECT_FALSE(allows(NetworkHook::kConnect6, list, {good.address, good.protocol, 65000}));
  }
  EXPECT_LT(build_network_program(NetworkHook::kBind6, longest_list_of_any_address()).size(),
            32768U);
}

TEST(NetworkFilter, RefusesMoreThanAProgramHoldsAndNamesTheField) {
  plan::NetworkFilter filter;
  filter.restricts_bind = true;
  filter.bind = longest_list();
  EXPECT_TRUE(check_network_filter(filter));
  filter.bind.push_back(filter.bind.back());
  const Status refused = check_network_filter(filter);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(),
            "network.bind: 1025 endpoints are more than the limit of 1024");
  EXPECT_FALSE(attach_network_filter(-1, filter));
}

TEST(NetworkFilter, AnInactiveOneAttachesNothing) {
  EXPECT_TRUE(attach_network_filter(-1, plan::NetworkFilter()));
}

// The hooks as network_filter_attach.cc has them.
constexpr bpf_attach_type kAttachTypes[] = {BPF_CGROUP_INET4_CONNECT,
                                            BPF_CGROUP_INET6_CONNECT,
                                            BPF_CGROUP_UDP4_SENDMSG,
                                            BPF_CGROUP_UDP6_SENDMSG,
                                            BPF_CGROUP_INET4_BIND,
                                            BPF_CGROUP_INET6_BIND};

TEST(NetworkFilter, TheVerifierTakesTheLongestPrograms) {
  if (!can_load_network_filter()) {
    GTEST_SKIP() << "needs CAP_BPF and CAP_NET_ADMIN";
  }
  std::vector<Endpoints> lists = {{}, longest_list(), longest_list_of_any_address()};
  for (unsigned seed = 0; seed < 20; ++seed) {
    lists.push_back(RandomEndpoints(seed).list());
  }
  for (const Endpoints& list : lists) {
    for (size_t i = 0; i < std::size(kHooks); ++i) {
      const CgroupHook hook = {"filter under test",
                               "redoubt_test",
                               BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
                               kAttachTypes[i],
                               true};
      const auto loaded = load_cgroup_program(hook, build_network_program(kHooks[i], list));
      EXPECT_TRUE(loaded) << loaded.error().message() << ", hook " << i << ", " << list.size()
                          << " endpoints";
    }
  }
}

}  // namespace
}  // namespace redoubt::sandbox
