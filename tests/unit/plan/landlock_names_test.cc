// The rights of Landlock by name.
#include "plan/landlock_names.h"

#include <linux/landlock.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::plan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LandlockFileAccessNames, AreThoseOfTheBits) {
  EXPECT_THAT(landlock_file_access_names(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER),
              ElementsAre("execute", "make_sym", "refer"));
  EXPECT_THAT(landlock_file_access_names(0), IsEmpty());
}

TEST(LandlockFileAccessNames, LeaveOutWhatIsNotKnown) {
  EXPECT_THAT(landlock_file_access_names(uint64_t{1} << 40), IsEmpty());
}

}  // namespace
}  // namespace redoubt::plan
