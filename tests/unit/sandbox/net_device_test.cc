// Moves real devices between network namespaces of the test's own; runs as any user who may make a
// user namespace.
#include "sandbox/net_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include <gtest/gtest.h>

#include "base/str.h"
#include "sandbox/net_device_netlink.h"

namespace redoubt::sandbox {
namespace {

TEST(NetDeviceName, AcceptsOnlyLiteralKernelNames) {
  for (const char* name : {"eth0", "a", "eth0.100", "veth-1_x", "123456789012345"}) {
    EXPECT_TRUE(is_valid_device_name(name)) << name;
  }
  for (const char* name :
       {"", ".", "..", "1234567890123456", "a/b", "a b", "a:1", "eth%d", "a\n", "a\x7f"}) {
    EXPECT_FALSE(is_valid_device_name(name)) << name;
  }
}

TEST(NetlinkMessage, RefusesAttributesThatDoNotFit) {
  const ifinfomsg fixed{};
  NetlinkMessage message(RTM_NEWLINK, 0, &fixed, sizeof fixed);
  const std::string before = message.bytes(1);
  EXPECT_FALSE(message.put(IFLA_IFALIAS, std::string(65536, 'x')));
  EXPECT_FALSE(
      message.put(IFLA_IFALIAS, std::string(65532, 'x')));  // length field would be 65536 = 0
  EXPECT_FALSE(message.put(IFLA_IFALIAS, std::string(NetlinkMessage::kMaxSize, 'x')));
  EXPECT_EQ(message.bytes(1), before) << "a refused attribute leaves nothing behind";
  ASSERT_TRUE(message.put_text(IFLA_IFNAME, "eth0"));
  EXPECT_EQ(message.bytes(1).size(), before.size() + 12);
}

TEST(ParseAttributes, StaysInsideTheBytes) {
  const auto bytes = [](uint16_t length, uint16_t type, std::string payload) {
    const rtattr header = {length, type};
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) + std::move(payload);
  };
  const std::string two = bytes(8, 3, "abcd") + bytes(5, 4, "x");
  const auto good = parse_attributes(two);
  // The last attribute's padding may be absent.
  ASSERT_TRUE(good);
  ASSERT_EQ(good->size(), 2U);
  EXPECT_EQ(find_attribute(*good, 3)->payload, "abcd");
  EXPECT_EQ(find_attribute(*good, 4)->payload, "x");
  EXPECT_EQ(find_attribute(*good, 5), nullptr);
  for (const uint16_t length : {uint16_t{9}, uint16_t{3}, uint16_t{0}}) {
    const std::string wrong = bytes(length, 3, "abcd");
    EXPECT_FALSE(parse_attributes(wrong)) << length;
  }
}

// ---- with real devices, in a child with namespaces of its own ----

Status add_link(NetlinkSocket& socket, const char* name, const char* kind) {
  const ifinfomsg fixed{};
  NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof fixed);
  TRY(message.put_text(IFLA_IFNAME, name));
  const rtattr inner = {static_cast<unsigned short>(sizeof(rtattr) + strlen(kind)), IFLA_INFO_KIND};
  TRY(message.put(IFLA_LINKINFO,
                  std::string(reinterpret_cast<const char*>(&inner), sizeof inner) + kind));
  TRY(socket.request(message));
  return {};
}

Status add_address(NetlinkSocket& socket,
                   const char* device,
                   int family,
                   std::string bytes,
                   uint8_t prefix,
                   uint8_t scope) {
  ifaddrmsg fixed{};
  fixed.ifa_family = static_cast<uint8_t>(family);
  fixed.ifa_prefixlen = prefix;
  fixed.ifa_scope = scope;
  fixed.ifa_index = if_nametoindex(device);
  NetlinkMessage message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof fixed);
  TRY(message.put(IFA_LOCAL, bytes));
  TRY(message.put(IFA_ADDRESS, bytes));
  if (family == AF_INET6) {
    TRY(message.put_u32(IFA_FLAGS, IFA_F_NODAD));
  }
  TRY(socket.request(message));
  return {};
}

// "10.1.2.3/24 g" a line, for every IPv4 and global IPv6 address.
std::string addresses(NetlinkSocket& socket, uint32_t index) {
  const ifaddrmsg fixed{};
  const auto replies =
      socket.request(NetlinkMessage(RTM_GETADDR, NLM_F_DUMP, &fixed, sizeof fixed));
  std::string text;
  for (const NetlinkReply& reply : *replies) {
    ifaddrmsg address{};
    memcpy(&address, reply.payload.data(), sizeof address);
    if (address.ifa_index != index || (address.ifa_family == AF_INET6 && address.ifa_scope != 0)) {
      continue;
    }
    const auto attributes =
        parse_attributes(std::string_view(reply.payload).substr(sizeof address));
    for (const char c : find_attribute(*attributes, IFA_ADDRESS)->payload) {
      text += concat(static_cast<int>(static_cast<unsigned char>(c)), '.');
    }
    text += concat("/", address.ifa_prefixlen, " ", address.ifa_scope == 0 ? "g" : "l", "\n");
  }
  return text;
}

unsigned link_flags(NetlinkSocket& socket, const char* name, uint32_t& index) {
  const ifinfomsg fixed{};
  NetlinkMessage message(RTM_GETLINK, 0, &fixed, sizeof fixed);
  ignore(message.put_text(IFLA_IFNAME, name), "short");
  const auto replies = socket.request(message);
  ifinfomsg found{};
  if (replies) {
    memcpy(&found, replies->at(0).payload.data(), sizeof found);
  }
  index = static_cast<uint32_t>(found.ifi_index);
  return found.ifi_flags;
}

constexpr int kSkip = 77;

#define REQUIRE(condition)                                            \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      return 1;                                                       \
    }                                                                 \
  } while (false)
#define REQUIRE_OK(expression)                                                                  \
  do {                                                                                          \
    const auto& require_status = (expression);                                                  \
    if (!require_status) {                                                                      \
      fprintf(                                                                                  \
          stderr, "%s:%d: %s\n", __FILE__, __LINE__, require_status.error().message().c_str()); \
      return 1;                                                                                 \
    }                                                                                           \
  } while (false)

void in_own_namespaces(const std::function<int(int target)>& body) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
      _exit(kSkip);
    }
    const int host = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (unshare(CLONE_NEWNET) != 0) {
      _exit(kSkip);
    }
    const int target = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    _exit(setns(host, CLONE_NEWNET) == 0 ? body(target) : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kSkip) {
    GTEST_SKIP() << "needs user and network namespaces and a veth device";
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

int own_namespace() {
  return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

std::string namespace_name() {
  char text[64] = {};
  return readlink("/proc/thread-self/ns/net", text, sizeof text - 1) > 0 ? text : "";
}

TEST(MoveNetDevice, MovesRenamesAndKeepsGlobalAddresses) {
  in_own_namespaces([](int target) {
    Result<NetlinkSocket> host = NetlinkSocket::open();
    REQUIRE_OK(host);
    if (!add_link(*host, "redoubt0", "veth")) {
      return kSkip;
    }
    const std::string v6("\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07", 16);
    REQUIRE_OK(add_address(*host, "redoubt0", AF_INET, "\x0a\x01\x02\x03", 24, RT_SCOPE_UNIVERSE));
    REQUIRE_OK(add_address(*host, "redoubt0", AF_INET, "\x0a\x01\x02\x04", 24, RT_SCOPE_UNIVERSE));
    REQUIRE_OK(add_address(*host, "redoubt0", AF_INET, "\xa9\xfe\x01\x01", 16, RT_SCOPE_LINK));
    REQUIRE_OK(add_address(*host, "redoubt0", AF_INET6, v6, 64, RT_SCOPE_UNIVERSE));
    const std::string before = namespace_name();
    REQUIRE_OK(move_net_device("redoubt0", target, "eth0"));
    REQUIRE(namespace_name() == before);
    REQUIRE(if_nametoindex("redoubt0") == 0);
    Result<NetlinkSocket> inside = NetlinkSocket::open_in(target);
    REQUIRE_OK(inside);
    uint32_t index = 0;
    REQUIRE((link_flags(*inside, "eth0", index) & IFF_UP) != 0);
    const std::string found = addresses(*inside, index);
    REQUIRE(found.find("10.1.2.3./24 g\n") != std::string::npos);
    REQUIRE(found.find("10.1.2.4./24 g\n") != std::string::npos);
    REQUIRE(found.find("169.254") == std::string::npos);
    REQUIRE(found.find("253.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7./64 g\n") != std::string::npos);
    return 0;
  });
}

TEST(MoveNetDevice, FailedMoveLeavesTheHostsDeviceAsItWas) {
  in_own_namespaces([](int target) {
    Result<NetlinkSocket> host = NetlinkSocket::open();
    Result<NetlinkSocket> inside = NetlinkSocket::open_in(target);
    REQUIRE_OK(host);
    REQUIRE_OK(inside);
    if (!add_link(*host, "redoubt0", "veth") || !add_link(*inside, "taken0", "veth")) {
      return kSkip;
    }
    const std::string v6("\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07", 16);
    const ifinfomsg fixed = {0, 0, 0, static_cast<int>(if_nametoindex("redoubt0")), IFF_UP, IFF_UP};
    REQUIRE_OK(host->request(NetlinkMessage(RTM_NEWLINK, 0, &fixed, sizeof fixed)));
    REQUIRE_OK(add_address(*host, "redoubt0", AF_INET6, v6, 64, RT_SCOPE_UNIVERSE));
    uint32_t index = 0;
    link_flags(*host, "redoubt0", index);
    const std::string before = addresses(*host, index);
    const Status moved = move_net_device("redoubt0", target, "taken0");
    REQUIRE(!moved);
    REQUIRE(moved.error().err() == EEXIST);
    REQUIRE(moved.error().message().starts_with("move netDevice redoubt0 to namespace "));
    REQUIRE((link_flags(*host, "redoubt0", index) & IFF_UP) != 0);
    REQUIRE(addresses(*host, index) == before && !before.empty());
    return 0;
  });
}

TEST(MoveNetDevice, TakenHostNameInTheContainerDoesNotMatter) {
  in_own_namespaces([](int target) {
    Result<NetlinkSocket> host = NetlinkSocket::open();
    Result<NetlinkSocket> inside = NetlinkSocket::open_in(target);
    REQUIRE_OK(host);
    REQUIRE_OK(inside);
    if (!add_link(*host, "redoubt0", "veth") || !add_link(*inside, "redoubt0", "veth")) {
      return kSkip;
    }
    REQUIRE_OK(move_net_device("redoubt0", target, "net1"));
    uint32_t index = 0;
    REQUIRE((link_flags(*inside, "net1", index) & IFF_UP) != 0);
    REQUIRE((link_flags(*inside, "redoubt0", index) & IFF_UP) == 0);
    return 0;
  });
}

TEST(MoveNetDevice, FailureInTheContainerBringsTheDeviceHome) {
  in_own_namespaces([](int target) {
    Result<NetlinkSocket> host = NetlinkSocket::open();
    REQUIRE_OK(host);
    if (!add_link(*host, "redoubt0", "veth")) {
      return kSkip;
    }
    const int home = own_namespace();
    REQUIRE(setns(target, CLONE_NEWNET) == 0);
    const int v6_off = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
    if (v6_off < 0 || write(v6_off, "1", 1) != 1) {
      return kSkip;
    }
    REQUIRE(setns(home, CLONE_NEWNET) == 0);
    REQUIRE_OK(add_address(*host, "redoubt0", AF_INET, "\x0a\x01\x02\x03", 24, RT_SCOPE_UNIVERSE));
    const std::string v6("\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07", 16);
    REQUIRE_OK(add_address(*host, "redoubt0", AF_INET6, v6, 64, RT_SCOPE_UNIVERSE));
    uint32_t index = 0;
    link_flags(*host, "redoubt0", index);
    const std::string before = addresses(*host, index);
    REQUIRE(!move_net_device("redoubt0", target, "eth0"));
    link_flags(*host, "redoubt0", index);
    REQUIRE(index != 0);
    REQUIRE(addresses(*host, index) == before && !before.empty());
    return 0;
  });
}

TEST(MoveNetDevice, NamesWhatIsMissing) {
  in_own_namespaces([](int target) {
    const Status absent = move_net_device("nothing0", target, "");
    REQUIRE(!absent && absent.error().err() == ENODEV);
    const Status bad = move_net_device("eth%d", target, "");
    REQUIRE(!bad && bad.error().kind() == ErrorKind::kInvalidSpec);
    const Status no_namespace = move_net_device("lo", open("/dev/null", O_RDONLY | O_CLOEXEC), "");
    REQUIRE(!no_namespace);
    REQUIRE(own_namespace() >= 0);
    return 0;
  });
}

}  // namespace
}  // namespace redoubt::sandbox
