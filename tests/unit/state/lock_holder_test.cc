#include "runc-compat/state/lock_holder.h"

#include <sys/sysmacros.h>

#include <gtest/gtest.h>

namespace redoubt::state {
namespace {

constexpr char kLocks[] =
    "1: POSIX  ADVISORY  READ  11 00:19:77 0 EOF\n"
    "2: FLOCK  ADVISORY  WRITE 22 00:1a:77 0 EOF\n"
    "3: FLOCK  ADVISORY  WRITE 33 00:19:77 0 EOF\n"
    "3: -> FLOCK  ADVISORY  WRITE 44 00:19:77 0 EOF\n"
    "4: FLOCK  ADVISORY  WRITE 0 00:19:78 0 EOF\n";

TEST(FindFlockHolder, MatchesDeviceInodeAndKind) {
  EXPECT_EQ(find_flock_holder(kLocks, makedev(0, 0x19), 77), 33);
  EXPECT_EQ(find_flock_holder(kLocks, makedev(0, 0x1a), 77), 22);
}

TEST(FindFlockHolder, IsZeroForUnknownAndInvisibleHolders) {
  EXPECT_EQ(find_flock_holder(kLocks, makedev(0, 0x19), 79), 0);
  EXPECT_EQ(find_flock_holder(kLocks, makedev(0, 0x19), 78), 0);
  EXPECT_EQ(find_flock_holder("", makedev(0, 0x19), 77), 0);
  EXPECT_EQ(find_flock_holder("1: FLOCK", makedev(0, 0x19), 77), 0);
}

}  // namespace
}  // namespace redoubt::state
