#include "escalate-vm/guest/agent/network.h"

#include <sys/socket.h>

#include <gtest/gtest.h>

namespace redoubt::agent {
namespace {

TEST(ParsePrefix, ReadsBothFamilies) {
  const Result<Prefix> four = parse_prefix("10.0.0.2/24");
  ASSERT_TRUE(four);
  EXPECT_EQ(four->family, AF_INET);
  EXPECT_EQ(four->bytes, std::string("\x0a\0\0\x02", 4));
  EXPECT_EQ(four->length, 24);
  const Result<Prefix> six = parse_prefix("fd00::2");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->family, AF_INET6);
  EXPECT_EQ(six->bytes.size(), 16u);
  EXPECT_EQ(six->length, 128);
}

TEST(ParsePrefix, RefusesOtherText) {
  for (const char* text : {"",
                           "10.0.0",
                           "10.0.0.2/33",
                           "10.0.0.2/",
                           "10.0.0.2/-1",
                           "fd00::2/129",
                           "eth0",
                           "10.0.0.2/24/1"}) {
    EXPECT_FALSE(parse_prefix(text)) << text;
  }
}

TEST(ParseMac, WantsSixPairs) {
  const Result<std::string> mac = parse_mac("52:54:00:aB:34:ff");
  ASSERT_TRUE(mac);
  EXPECT_EQ(*mac, std::string("\x52\x54\0\xab\x34\xff", 6));
  for (const char* text : {"",
                           "52:54:00:12:34",
                           "52:54:00:12:34:56:78",
                           "52:54:00:12:34:5",
                           "52:54:00:12:34:5g",
                           "525400123456"}) {
    EXPECT_FALSE(parse_mac(text)) << text;
  }
}

}  // namespace
}  // namespace redoubt::agent
