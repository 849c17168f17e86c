#include "sandbox/mount_transfer.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <filesystem>

#include "base/str.h"

namespace redoubt::sandbox {
namespace {

// A process with a mount namespace of its own, and a tmpfs in it at `folder`.
class Namespace {
 public:
  explicit Namespace(const std::string& folder) {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const bool made = ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                        ::mount("tmpfs", folder.c_str(), "tmpfs", 0, nullptr) == 0;
      while (::write(ready[1], made ? "y" : "n", 1) == 1) {
        ::pause();
      }
      ::_exit(1);
    }
    char answer = 'n';
    EXPECT_EQ(::read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    ::close(ready[0]);
    ::close(ready[1]);
    root_ = concat("/proc/", pid_, "/root");
  }
  ~Namespace() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ProcessIdentity identity() const { return *identity_of(pid_); }
  std::string path(const std::string& name) const { return root_ + name; }

 private:
  pid_t pid_ = -1;
  std::string root_;
};

class MountTransferTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) {
      GTEST_SKIP() << "needs root";
    }
    std::filesystem::create_directory(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string folder = concat(testing::TempDir(), "share.", ::getpid());
};

TEST_F(MountTransferTest, CarriesATreeAcrossAndTakesItAway) {
  const Namespace from(folder);
  const Namespace to(folder);
  std::filesystem::create_directories(from.path(folder + "/web/rootfs"));
  std::filesystem::create_directory(from.path(folder + "/web/rootfs/file"));
  const Status moved = transfer_mounts(from.identity(), to.identity(), folder, "web");
  ASSERT_TRUE(moved.has_value()) << moved.error().message();
  EXPECT_TRUE(std::filesystem::exists(to.path(folder + "/web/rootfs/file")));
  EXPECT_FALSE(std::filesystem::exists(folder + "/web"));
  EXPECT_TRUE(remove_mounts(to.identity(), folder, "web").has_value());
  EXPECT_FALSE(std::filesystem::exists(to.path(folder + "/web")));
  EXPECT_TRUE(remove_mounts(to.identity(), folder, "web").has_value());
}

// The guest can write there.
TEST_F(MountTransferTest, FollowsNoLinkThatSomebodyPutInItsWay) {
  const Namespace from(folder);
  const Namespace to(folder);
  std::filesystem::create_directories(from.path(folder + "/web/rootfs"));
  std::filesystem::create_directory(to.path(folder + "/elsewhere"));
  std::filesystem::create_directory_symlink("elsewhere", to.path(folder + "/web"));
  EXPECT_FALSE(transfer_mounts(from.identity(), to.identity(), folder, "web").has_value());
  EXPECT_FALSE(std::filesystem::exists(to.path(folder + "/elsewhere/rootfs")));
}

}  // namespace
}  // namespace redoubt::sandbox
