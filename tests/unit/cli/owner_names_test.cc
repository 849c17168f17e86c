#include "runc-compat/cli/owner_names.h"

#include <gtest/gtest.h>

namespace redoubt::cli {
namespace {

TEST(ParsePasswd, TakesTheFirstNameAndSkipsWhatIsNoEntry) {
  const std::map<uid_t, std::string> names = parse_passwd(
      "root:x:0:0:root:/root:/bin/bash\n"
      "toor:x:0:0::/root:/bin/sh\n"
      "#off:x:7:7::/:/bin/sh\n"
      "+::::::\n"
      "bad:x:-1:0::/:/bin/sh\n"
      "short:x:8\n"
      "\n"
      "web:x:1000:1000::/home/web:/bin/sh");
  EXPECT_EQ(names, (std::map<uid_t, std::string>{{0, "root"}, {1000, "web"}}));
}

TEST(OwnerNames, FallsBackToTheNumber) {
  OwnerNames owners;
  EXPECT_EQ(owners.name_of(0), "root");
  EXPECT_EQ(owners.name_of(4294967293u), "#4294967293");
}

}  // namespace
}  // namespace redoubt::cli
