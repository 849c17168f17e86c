#include "sandbox/systemd_bus.h"

#include <gtest/gtest.h>

namespace redoubt::sandbox {
namespace {

TEST(SystemdVersion, IsTheFirstNumber) {
  for (const char* text :
       {"v245.4-1.fc32", "245", "v245-1.fc32", "245-1.fc32", "\"v245.4-1.fc32\"", "245~rc1"}) {
    EXPECT_EQ(parse_systemd_version(text), 245) << text;
  }
  EXPECT_EQ(parse_systemd_version(""), 0);
  EXPECT_EQ(parse_systemd_version("unknown"), 0);
}

TEST(UnixBusAddress, EscapesWhatAddressesReserve) {
  EXPECT_EQ(unix_bus_address("/run/user/1000/bus"), "unix:path=/run/user/1000/bus");
  EXPECT_EQ(unix_bus_address("/a b,c;d=%"), "unix:path=/a%20b%2cc%3bd%3d%25");
}

}  // namespace
}  // namespace redoubt::sandbox
