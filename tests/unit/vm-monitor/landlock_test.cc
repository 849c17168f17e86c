#include "escalate-vm/monitor/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "base/str.h"

namespace redoubt::vm {
namespace {

// The act's errno in a child that may read /usr and do everything below `tree`; 0: it succeeds.
template <typename Act>
int errno_within(const std::string& tree, Act act) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const Status confined = restrict_to_trees(
        {{"/usr", TreeUse::kRead}, {"/dev/null", TreeUse::kWrite}, {"/nonexistent", TreeUse::kAll}, {tree.c_str(), TreeUse::kAll}});
    ::_exit(!confined ? 254 : act() >= 0 ? 0 : errno);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

class Landlock : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 2) {
      GTEST_SKIP() << "this kernel has no Landlock of ABI 2";
    }
    std::string pattern = ::testing::TempDir() + "treeXXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    tree_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(tree_); }
  std::string in(const char* name) const { return concat(tree_, "/", name); }

  std::string tree_;
};

TEST_F(Landlock, LetsATreeBeUsedInEveryWay) {
  EXPECT_EQ(errno_within(tree_, [&] {
              const int made = ::open(in("a").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
              return made < 0 || ::ftruncate(made, 3) != 0 || ::mkdir(in("d").c_str(), 0700) != 0 ||
                             ::mkfifo(in("p").c_str(), 0600) != 0 || ::symlink("a", in("l").c_str()) != 0 ||
                             ::rename(in("a").c_str(), in("d/b").c_str()) != 0 || ::unlink(in("p").c_str()) != 0
                         ? -1
                         : 0;
            }),
            0);
}

TEST_F(Landlock, ClosesEveryOtherTree) {
  EXPECT_EQ(errno_within(tree_, [] { return ::open("/etc/passwd", O_RDONLY | O_CLOEXEC); }), EACCES);
  EXPECT_EQ(errno_within(tree_, [] { return ::open("/usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC); }), 0);
  EXPECT_EQ(errno_within(tree_, [] { return ::mkdir("/usr/redoubt-test", 0700); }), EACCES);
  EXPECT_EQ(errno_within(tree_, [] { return ::open("/dev/null", O_WRONLY | O_CLOEXEC); }), 0);
  EXPECT_EQ(errno_within(tree_, [this] {
              return ::symlink("/etc/passwd", in("link").c_str()) != 0 ? 0 : ::open(in("link").c_str(), O_RDONLY | O_CLOEXEC);
            }),
            EACCES);
}

TEST_F(Landlock, LetsNoSignalOut) {
  if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 6) {
    GTEST_SKIP() << "this kernel's Landlock has no scopes";
  }
  EXPECT_EQ(errno_within(tree_, [] { return ::kill(::getppid(), 0); }), EPERM);
}

}  // namespace
}  // namespace redoubt::vm
