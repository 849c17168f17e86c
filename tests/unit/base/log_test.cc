#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::log {
namespace {

using ::testing::HasSubstr;

class Log : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/redoubt-log-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
    path_ = concat(directory_, "/log");
  }
  void TearDown() override {
    ASSERT_TRUE(configure({}));
    ::unlink(path_.c_str());
    ::rmdir(directory_.c_str());
  }
  std::string text() const { return read_file(path_, 1 << 20).value(); }

  std::string directory_, path_;
};

TEST_F(Log, WritesOnlyWhatReachesTheThreshold) {
  ASSERT_TRUE(configure({.destination = path_, .threshold = Level::kWarning}));
  EXPECT_FALSE(enabled(Level::kInfo));
  EXPECT_FALSE(goes_to_stderr());
  debug("d");
  info("i");
  EXPECT_EQ(text(), "");
  warning("w");
  error("e");
  EXPECT_THAT(text(), HasSubstr("level=warning msg=w\n"));
  EXPECT_THAT(text(), HasSubstr("level=error msg=e\n"));
}

TEST_F(Log, NamesItsCallerWhenAsked) {
  ASSERT_TRUE(configure(
      {.destination = "file:" + path_, .threshold = Level::kDebug, .show_callers = true}));
  debug("here");
  EXPECT_THAT(text(), HasSubstr("func=\"TestBody()\" file=\"log_test.cc:"));
}

TEST_F(Log, KeepsErrnoAndAppends) {
  ASSERT_TRUE(configure({.destination = path_}));
  error("one");
  ASSERT_TRUE(configure({.destination = path_}));
  errno = EXDEV;
  error("two");
  EXPECT_EQ(errno, EXDEV);
  EXPECT_EQ(split(text(), '\n').size(), 3U);
  struct stat st = {};
  ASSERT_EQ(::stat(path_.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0600, 0600U);
}

TEST_F(Log, LeavesTheSinkAloneWhenAFileCannotBeOpened) {
  ASSERT_TRUE(configure({.destination = path_}));
  const Status failed = configure({.destination = directory_});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message(), concat("open ", directory_, ": is a directory"));
  error("still here");
  EXPECT_THAT(text(), HasSubstr("still here"));
}

}  // namespace
}  // namespace redoubt::log
