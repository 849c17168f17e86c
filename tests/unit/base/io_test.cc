#include "base/io.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt {
namespace {

using ::testing::HasSubstr;

// A pipe that holds `text`; its writing end is closed.
UniqueFd pipe_with(std::string_view text) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  EXPECT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(ends[1]);
  return UniqueFd(ends[0]);
}

TEST(ReadAll, StopsAtTheExpectedSizeAndElseAtTheEnd) {
  const std::string text(9000, 'x');
  EXPECT_EQ(*read_all(pipe_with(text).get(), text.size(), "pipe"), text);
  EXPECT_EQ(*read_all(pipe_with(text).get(), text.size(), "pipe", text.size()), text);
  // A file that was cut since its size was taken ends where it ends.
  EXPECT_EQ(*read_all(pipe_with("ab").get(), 10, "pipe", 5), "ab");
  EXPECT_THAT(read_all(pipe_with(text).get(), text.size() - 1, "pipe", text.size()).error().message(), HasSubstr("larger than the limit of 8999 bytes"));
}

TEST(ReadAll, WithTheExpectedSizeDoesNotWaitForTheEnd) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);  // stays open: a second read would wait for ever
  ASSERT_EQ(::write(writer.get(), "abc", 3), 3);
  EXPECT_EQ(*read_all(reader.get(), 10, "pipe", 3), "abc");
}

TEST(ReadKernelValue, ReadsWhatFitsAPageAndMore) {
  EXPECT_EQ(*read_kernel_value_at(AT_FDCWD, "/proc/sys/kernel/ostype"), "Linux\n");
  const std::string path = ::testing::TempDir() + "redoubt-value";
  for (const size_t size : {0, 1, 4095, 4096, 4097, 20000}) {
    const std::string text(size, 'y');
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    ASSERT_TRUE(write_all(fd.get(), text, path).has_value());
    EXPECT_EQ(*read_kernel_value_at(AT_FDCWD, path), text);
  }
  ::unlink(path.c_str());
  EXPECT_EQ(read_kernel_value_at(AT_FDCWD, path).error().err(), ENOENT);
}

}  // namespace
}  // namespace redoubt
