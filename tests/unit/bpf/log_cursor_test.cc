// How far the log was copied, for whoever comes next.
#include "bpf/log_cursor.h"

#include <stdlib.h>
#include <unistd.h>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/io.h"

namespace redoubt::bpf {
namespace {

using ::testing::HasSubstr;

class LogCursorFile : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/redoubt-cursor-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override {
    ::unlink((directory_ + "/journal-cursor").c_str());
    ::rmdir(directory_.c_str());
  }
  Result<LogCursor> open() const { return LogCursor::open(directory_); }

  std::string directory_;
};

TEST_F(LogCursorFile, GoesOnWhereTheFormerHasEnded) {
  ASSERT_TRUE(open()->advance(7, 41));
  ASSERT_TRUE(open()->advance(7, 42));
  EXPECT_EQ(open()->copied_of(7), 42U);
}

TEST_F(LogCursorFile, BeginsAtTheStartOfAnotherLog) {
  EXPECT_EQ(open()->copied_of(0), 0U);
  ASSERT_TRUE(open()->advance(7, 42));
  EXPECT_EQ(open()->copied_of(8), 0U);
}

TEST_F(LogCursorFile, IsOnesOnly) {
  const Result<LogCursor> first = open();
  ASSERT_TRUE(first);
  const Result<LogCursor> second = open();
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message(), HasSubstr("copied to the journal already"));
}

TEST_F(LogCursorFile, BeginsAtTheStartWhenCutShort) {
  ASSERT_TRUE(open()->advance(7, 42));
  ASSERT_EQ(::truncate((directory_ + "/journal-cursor").c_str(), 9), 0);
  EXPECT_EQ(open()->copied_of(7), 0U);
}

}  // namespace
}  // namespace redoubt::bpf
