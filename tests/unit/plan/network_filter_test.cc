#include "plan/network_filter.h"

#include <gtest/gtest.h>

namespace redoubt::plan {
namespace {

TEST(NetworkEndpoint, HasOneTextForm) {
  NetworkEndpoint endpoint;
  EXPECT_EQ(to_text(endpoint), "tcp 0.0.0.0/0 1-65535");
  endpoint.udp = endpoint.ipv6 = true;
  endpoint.address = {0x20, 0x01, 0x0d, 0xb8};
  endpoint.prefix = 32;
  endpoint.first_port = endpoint.last_port = 53;
  EXPECT_EQ(to_text(endpoint), "udp 2001:db8::/32 53");
}

TEST(NetworkFilter, IsActiveWhenItRestrictsEvenToNothing) {
  NetworkFilter filter;
  EXPECT_FALSE(filter.active());
  filter.restricts_bind = true;
  EXPECT_TRUE(filter.active());
}

}  // namespace
}  // namespace redoubt::plan
