#include "escalate-vm/monitor/oom_echo.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace redoubt::vm {
namespace {

// What stands in the limit after the echo.
std::string written(OomEcho::Victim victim, bool repeat) {
  UniqueFd file(::memfd_create("memory.max", MFD_CLOEXEC));
  UniqueFd copy(::dup(file.get()));
  Result<OomEcho> echo = OomEcho::prepare(std::move(copy), victim);
  EXPECT_TRUE(echo);
  if (repeat) {
    echo->repeat();
  }
  *echo = OomEcho();
  int status = 0;
  EXPECT_GT(::wait(&status), 0);
  EXPECT_EQ(status, 0);
  char text[16] = {};
  EXPECT_GE(::pread(file.get(), text, sizeof text - 1, 0), 0);
  return text;
}

TEST(OomEcho, WritesOneValueAndOnlyWhenTold) {
  EXPECT_EQ(written(OomEcho::Victim::kMachine, true), "33554432");
  EXPECT_EQ(written(OomEcho::Victim::kSelf, true), "16777216");
  EXPECT_EQ(written(OomEcho::Victim::kMachine, false), "");
}

TEST(OomEcho, DoesNothingWithoutALimit) {
  Result<OomEcho> echo = OomEcho::prepare(UniqueFd(), OomEcho::Victim::kMachine);
  ASSERT_TRUE(echo);
  echo->repeat();
  EXPECT_EQ(::wait(nullptr), -1);
}

TEST(OomEcho, KeepsNoDescriptorOfItsParentOpen) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  Result<OomEcho> echo = OomEcho::prepare(UniqueFd(::memfd_create("memory.max", MFD_CLOEXEC)), OomEcho::Victim::kMachine);
  ASSERT_TRUE(echo);
  writer.reset();
  ::alarm(20);  // it would be waited for without end
  char byte = 0;
  EXPECT_EQ(::read(reader.get(), &byte, 1), 0);
  ::alarm(0);
  *echo = OomEcho();
  ::wait(nullptr);
}

}  // namespace
}  // namespace redoubt::vm
