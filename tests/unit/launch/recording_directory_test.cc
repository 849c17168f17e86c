#include "runc-compat/launch/recording_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/io.h"
#include "tests/unit/launch/unix_receiver.h"

namespace redoubt::launch {
namespace {

using ::testing::HasSubstr;

class Recordings : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return concat(directory_.path(), "/", name); }
  Result<RecordingDirectory> open() const { return RecordingDirectory::open(directory_.path()); }
  std::string refusal() const {
    const Result<RecordingDirectory> directory = open();
    return directory ? "" : directory.error().message();
  }
  std::string text_of(const std::string& name) const { 
    const Result<std::string> text = read_file(path(name), 100);
    return text ? *text : "none";
  }

  TemporaryDirectory directory_;
};

TEST_F(Recordings, HaveANumberEach) {
  const Result<RecordingDirectory> directory = open();
  ASSERT_TRUE(directory) << directory.error().message();
  EXPECT_EQ(*directory->write("web", "a"), path("web.1.json"));
  EXPECT_EQ(*directory->write("web", "b"), path("web.2.json"));
  EXPECT_EQ(*directory->write("web.1", "c"), path("web.1.1.json"));
  EXPECT_EQ(text_of("web.1.json"), "a");
  EXPECT_EQ(text_of("web.2.json"), "b");
}

TEST_F(Recordings, AreNotWrittenThroughALinkOrOverAFile) {
  ASSERT_EQ(::symlink(path("outside").c_str(), path("web.1.json").c_str()), 0);
  ASSERT_EQ(::mkdir(path("web.2.json").c_str(), 0700), 0);
  const Result<RecordingDirectory> directory = open();
  ASSERT_TRUE(directory) << directory.error().message();
  EXPECT_EQ(*directory->write("web", "a"), path("web.3.json"));
  EXPECT_NE(::access(path("outside").c_str(), F_OK), 0);
}

TEST_F(Recordings, LeaveNoDraftWhenTheyFail) {
  const Result<RecordingDirectory> directory = open();
  ASSERT_TRUE(directory) << directory.error().message();
  const std::string draft = path(concat(".web.", ::getpid(), ".draft"));
  ASSERT_EQ(::symlink(path("outside").c_str(), draft.c_str()), 0);
  EXPECT_FALSE(directory->write("web", "a"));
  EXPECT_NE(::access(path("outside").c_str(), F_OK), 0);
  EXPECT_NE(::access(path("web.1.json").c_str(), F_OK), 0);
}

TEST_F(Recordings, AreKeptWhereNobodyElseWrites) {
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0770), 0);
  EXPECT_THAT(refusal(), HasSubstr("only root or the caller may write to"));
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  EXPECT_EQ(refusal(), "");
  ASSERT_EQ(::mkdir(path("below").c_str(), 0755), 0);
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0777), 0);
  EXPECT_THAT(RecordingDirectory::open(path("below")).error().message(), HasSubstr(concat("run: chmod go-w ", directory_.path())));
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  EXPECT_TRUE(RecordingDirectory::open(path("below")));
  ASSERT_EQ(::symlink(directory_.path().c_str(), path("link").c_str()), 0);
  EXPECT_FALSE(RecordingDirectory::open(path("link")));
}

TEST_F(Recordings, HaveSoManyPlaces) {
  std::vector<RecordingDirectory> held;
  for (unsigned i = 0; i < kMaxRecorders; ++i) {
    Result<RecordingDirectory> directory = open();
    ASSERT_TRUE(directory) << directory.error().message();
    held.push_back(*std::move(directory));
  }
  EXPECT_THAT(refusal(), HasSubstr("8 containers are recorded already"));
  held.pop_back();
  EXPECT_EQ(refusal(), "");
}

}  // namespace
}  // namespace redoubt::launch
