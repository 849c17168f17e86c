#include "sandbox/network_rules.h"

#include <gtest/gtest.h>

namespace redoubt::sandbox {
namespace {

plan::NetworkEndpoint endpoint(uint8_t first_byte, uint8_t prefix, uint16_t first, uint16_t last) {
  plan::NetworkEndpoint made;
  made.address[0] = first_byte;
  made.prefix = prefix;
  made.first_port = first;
  made.last_port = last;
  return made;
}

TEST(AddressBlocks, MergeThePortsOfABlockAndPutTheWidestFirst) {
  std::vector<plan::NetworkEndpoint> endpoints = {endpoint(10, 8, 80, 90),
                                                  endpoint(0, 0, 443, 443),
                                                  endpoint(10, 8, 91, 95),
                                                  endpoint(10, 8, 85, 86),
                                                  endpoint(10, 8, 97, 97)};
  endpoints.push_back(endpoint(10, 8, 1, 65535));
  endpoints.back().udp = true;
  endpoints.push_back(endpoint(0x20, 8, 1, 65535));
  endpoints.back().ipv6 = true;
  const std::vector<AddressBlock> blocks = address_blocks(endpoints, false, false);
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[0].prefix, 0);
  EXPECT_EQ(blocks[0].ports, (Ports{{443, 443}}));
  EXPECT_EQ(blocks[1].ports, (Ports{{80, 95}, {97, 97}}));
  EXPECT_EQ(ports_of_any_address(blocks), (Ports{{443, 443}}));
  EXPECT_EQ(address_blocks(endpoints, true, false).size(), 1U);
  EXPECT_EQ(ports_of_any_address(address_blocks(endpoints, true, false)), Ports());
  EXPECT_EQ(address_blocks(endpoints, false, true).size(), 1U);
  EXPECT_TRUE(address_blocks(endpoints, true, true).empty());
}

TEST(Ports, OfTwoRangesThatMeetAtTheLastPort) {
  const std::vector<AddressBlock> blocks =
      address_blocks({endpoint(10, 8, 40000, 65535), endpoint(10, 8, 1, 39999)}, false, false);
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_TRUE(has_all_ports(blocks[0].ports));
  EXPECT_FALSE(has_all_ports({{1, 65534}}));
  EXPECT_FALSE(has_all_ports({}));
}

TEST(CommonPorts, AreInBoth) {
  EXPECT_EQ(common_ports({{1, 10}, {20, 30}}, {{5, 25}}), (Ports{{5, 10}, {20, 25}}));
  EXPECT_EQ(common_ports({{1, 10}}, {{11, 20}}), Ports());
  EXPECT_EQ(common_ports({{7, 7}, {9, 9}}, {{9, 9}, {11, 11}}), (Ports{{9, 9}}));
  EXPECT_EQ(common_ports({}, {{1, 65535}}), Ports());
}

}  // namespace
}  // namespace redoubt::sandbox
