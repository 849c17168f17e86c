#include "runc-compat/state/status.h"

#include <signal.h>
#include <sys/wait.h>

#include <gtest/gtest.h>

#include "tests/unit/state/temporary_root.h"

namespace redoubt::state {
namespace {

class StatusOf : public ::testing::Test {
 protected:
  StatusOf() : dir_(*ContainerDir::claim(temporary_.root(), "c1")), record_(sample_record("c1")) {}

  ContainerStatus status() { return *status_of(dir_, record_); }

  TemporaryRoot temporary_;
  ContainerDir dir_;
  Record record_;
};

TEST_F(StatusOf, ALivingInitIsRunning) {
  EXPECT_EQ(status(), ContainerStatus::kRunning);
}

TEST_F(StatusOf, AnInitOfAnotherBootIsStopped) {
  record_.boot_id = "00000000-0000-0000-0000-000000000000";
  EXPECT_EQ(status(), ContainerStatus::kStopped);
  EXPECT_EQ(init_of(record_)->pid, 0) << "its pid must not be signalled";
}

TEST_F(StatusOf, ARecycledPidIsStopped) {
  record_.init_start_time -= 1;
  EXPECT_EQ(status(), ContainerStatus::kStopped);
}

TEST_F(StatusOf, AZombieIsStopped) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(0);
  }
  siginfo_t info = {};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  const Result<sandbox::ProcessIdentity> identity = sandbox::identity_of(child);
  ASSERT_TRUE(identity.has_value());
  record_.init_pid = child;
  record_.init_start_time = identity->start_time;
  EXPECT_EQ(status(), ContainerStatus::kStopped);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(status(), ContainerStatus::kStopped);
}

TEST_F(StatusOf, AReaderAtTheFifoMakesItCreated) {
  const std::string fifo = temporary_.file("c1", "exec.fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0622), 0);
  EXPECT_EQ(status(), ContainerStatus::kRunning) << "no reader: start was killed after its write";
  const int reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  EXPECT_EQ(status(), ContainerStatus::kCreated);
  ::close(reader);
}

TEST_F(StatusOf, AFifoThatIsNoneIsAnError) {
  temporary_.write(temporary_.file("c1", "exec.fifo"), "x");
  EXPECT_FALSE(status_of(dir_, record_).has_value());
}

TEST_F(StatusOf, AnIntentIsCreatingWhileItsCreatorLives) {
  record_.phase = Record::Phase::kIntent;
  record_.creator_pid = record_.init_pid;
  record_.creator_start_time = record_.init_start_time;
  EXPECT_EQ(status(), ContainerStatus::kCreating);
  record_.creator_start_time -= 1;
  EXPECT_EQ(status(), ContainerStatus::kStopped);
}

TEST_F(StatusOf, AFrozenCgroupOfOursIsPaused) {
  const std::string cgroup = temporary_.base() + "/cgroup";
  ASSERT_EQ(::mkdir(cgroup.c_str(), 0700), 0);
  temporary_.write(cgroup + "/cgroup.freeze", "1\n");
  temporary_.write(cgroup + "/cgroup.events", "populated 1\nfrozen 1\n");
  struct stat st = {};
  ASSERT_EQ(::stat(cgroup.c_str(), &st), 0);
  record_.cgroup_directory = cgroup;
  record_.cgroup_inode = st.st_ino;
  EXPECT_TRUE(*owns_cgroup(record_));
  EXPECT_EQ(status(), ContainerStatus::kPaused);
  record_.cgroup_inode += 1;
  EXPECT_FALSE(*owns_cgroup(record_)) << "another cgroup at the same path";
  EXPECT_EQ(status(), ContainerStatus::kRunning);
  record_.cgroup_inode = 0;
  EXPECT_FALSE(*owns_cgroup(record_)) << "never known to be ours";
}

TEST(StatusName, UsesTheSpecificationsWords) {
  EXPECT_EQ(status_name(ContainerStatus::kCreating), "creating");
  EXPECT_EQ(status_name(ContainerStatus::kCreated), "created");
  EXPECT_EQ(status_name(ContainerStatus::kRunning), "running");
  EXPECT_EQ(status_name(ContainerStatus::kPaused), "paused");
  EXPECT_EQ(status_name(ContainerStatus::kStopped), "stopped");
}

}  // namespace
}  // namespace redoubt::state
