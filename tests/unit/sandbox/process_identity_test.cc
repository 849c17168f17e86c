#include "sandbox/process_identity.h"

#include <unistd.h>

#include <gtest/gtest.h>

namespace redoubt::sandbox {
namespace {

constexpr char kTail[] = " S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123456 9000 500 184467\n";

TEST(ParseProcessStat, ReadsStateParentAndStartTime) {
  const Result<ProcessStat> stat = parse_process_stat(std::string("42 (sh)") + kTail);
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 1);
  EXPECT_EQ(stat->start_time, 123456u);
}

TEST(ParseProcessStat, IsNotFooledByTheProcessName) {
  for (const char* name : {"42 (a) Z 9 9 (b)", "42 ())", "42 (x y) R 5)", "42 (\n)"}) {
    const Result<ProcessStat> stat = parse_process_stat(std::string(name) + kTail);
    ASSERT_TRUE(stat.has_value()) << name;
    EXPECT_EQ(stat->state, 'S') << name;
    EXPECT_EQ(stat->start_time, 123456u) << name;
  }
}

TEST(ParseProcessStat, RefusesWhatIsCutOff) {
  for (const char* text : {"",
                           "42",
                           "42 (sh)",
                           "42 (sh) ",
                           "42 (sh) S 1 7",
                           "42 (sh) S x 7 7 0 1 4 1 2 3 4 5 6 7 8 20 0 1 0 1"}) {
    EXPECT_FALSE(parse_process_stat(text).has_value()) << text;
  }
}

TEST(IsRunning, WantsTheVeryProcess) {
  const Result<ProcessIdentity> self = identity_of(::getpid());
  ASSERT_TRUE(self.has_value());
  EXPECT_TRUE(*is_running(*self));
  EXPECT_FALSE(*is_running({self->pid, self->start_time + 1}));
  EXPECT_FALSE(*is_running({0, 0}));
  EXPECT_FALSE(*is_running({-1, 0}));
  EXPECT_FALSE(*is_running({4194304, 1})) << "above every possible pid";
}

TEST(ReadBootId, IsOneUuid) {
  const Result<std::string> id = read_boot_id();
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->size(), 36u);
}

}  // namespace
}  // namespace redoubt::sandbox
