#include "sandbox/pidfd.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace redoubt::sandbox {
namespace {

class PidfdTest : public ::testing::Test {
 protected:
  PidfdTest() {
    child_ = ::fork();
    if (child_ == 0) {
      for (;;) {
        ::pause();
      }
    }
    identity_ = *identity_of(child_);
  }
  ~PidfdTest() override {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

  pid_t child_ = 0;
  ProcessIdentity identity_;
};

TEST_F(PidfdTest, SignalsAndWaitsForTheRecordedProcess) {
  const Result<Pidfd> pidfd = Pidfd::open_verified(identity_);
  ASSERT_TRUE(pidfd.has_value()) << pidfd.error().message();
  EXPECT_TRUE(pidfd->send_signal(0).has_value());
  EXPECT_FALSE(*pidfd->wait_exit(0));
  EXPECT_FALSE(*pidfd->wait_exit(20));
  ASSERT_TRUE(pidfd->send_signal(SIGKILL).has_value());
  EXPECT_TRUE(*pidfd->wait_exit(-1));
  EXPECT_EQ(Pidfd::open_verified(identity_).error().err(), ESRCH) << "a zombie counts as gone";
}

TEST_F(PidfdTest, NeverReachesAProcessWithAnotherStartTime) {
  const Result<Pidfd> pidfd = Pidfd::open_verified({child_, identity_.start_time + 1});
  ASSERT_FALSE(pidfd.has_value());
  EXPECT_EQ(pidfd.error().err(), ESRCH);
  EXPECT_EQ(Pidfd::open_verified({0, 0}).error().err(), ESRCH);
}

// What containerd meets when it kills a container whose shell has just gone and left its group behind.
TEST(PidfdOfAGroup, WhoseLeaderIsReapedIsNoProcess) {
  int pipe_fds[2];
  ASSERT_EQ(::pipe(pipe_fds), 0);
  const pid_t leader = ::fork();
  if (leader == 0) {
    ::setpgid(0, 0);
    if (::fork() == 0) {
      char end = 0;
      ::close(pipe_fds[1]);
      ::_exit(::read(pipe_fds[0], &end, 1) == 0 ? 0 : 1);  // until the test closes its end
    }
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(leader, nullptr, 0), leader);
  EXPECT_EQ(::kill(-leader, 0), 0) << "the group is still there";
  const Result<Pidfd> pidfd = Pidfd::open(leader);
  ASSERT_FALSE(pidfd.has_value());
  EXPECT_EQ(pidfd.error().err(), ESRCH);
  ::close(pipe_fds[1]);
  ::close(pipe_fds[0]);
}

}  // namespace
}  // namespace redoubt::sandbox
