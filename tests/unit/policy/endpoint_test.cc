#include "policy/document/endpoint.h"

#include <gtest/gtest.h>

namespace redoubt::policy {
namespace {

TEST(Endpoint, HasOneTextForm) {
  for (const char* text : {"tcp 10.0.0.0/8 443", "udp ::/0 1-65535", "tcp 2001:db8::/32 80-81", "udp 192.0.2.7/32 53"}) {
    const std::optional<Endpoint> endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint.has_value()) << text;
    EXPECT_EQ(to_text(*endpoint), text);
  }
}

TEST(Endpoint, Ipv4InIpv6IsIpv4) {
  const auto e = [](const char* text) { return to_text(*parse_endpoint(text)); };
  EXPECT_EQ(e("tcp ::ffff:10.0.0.0/104 443"), "tcp 10.0.0.0/8 443");
  EXPECT_EQ(e("tcp ::ffff:10.0.0.1/128 443"), "tcp 10.0.0.1/32 443");
  EXPECT_EQ(e("udp ::ffff:0:0/96 53"), "udp 0.0.0.0/0 53");
  EXPECT_EQ(e("udp ::fffe:0:0/96 53"), "udp ::fffe:0:0/96 53");
  EXPECT_EQ(e("udp ::/64 53"), "udp ::/64 53");
}

TEST(Endpoint, RefusesWhatIsNone) {
  for (const char* text : {"", "tcp", "icmp 10.0.0.0/8 1", "tcp 10.0.0.1/8 1", "tcp 10.0.0.0/33 1", "tcp 10.0.0/8 1",
                           "tcp 10.0.0.0/8 0", "tcp 10.0.0.0/8 2-1", "tcp 10.0.0.0/8 65536", "tcp ::1/129 1"}) {
    EXPECT_FALSE(parse_endpoint(text).has_value()) << text;
  }
}

TEST(Endpoint, LiesInAnotherWithAddressAndPorts) {
  const auto e = [](const char* text) { return *parse_endpoint(text); };
  EXPECT_TRUE(contains(e("tcp 10.0.0.0/8 1-500"), e("tcp 10.1.0.0/16 443")));
  EXPECT_FALSE(contains(e("tcp 10.0.0.0/8 1-500"), e("tcp 10.1.0.0/16 443-501")));
  EXPECT_FALSE(contains(e("tcp 10.0.0.0/8 1-500"), e("udp 10.1.0.0/16 443")));
  EXPECT_FALSE(contains(e("tcp 0.0.0.0/0 1-500"), e("tcp ::/0 443")));
  EXPECT_EQ(to_text(*intersection(e("tcp 10.0.0.0/8 1-500"), e("tcp 10.1.0.0/16 400-600"))), "tcp 10.1.0.0/16 400-500");
  EXPECT_FALSE(intersection(e("tcp 10.0.0.0/8 1"), e("tcp 11.0.0.0/8 1")).has_value());
}

}  // namespace
}  // namespace redoubt::policy
