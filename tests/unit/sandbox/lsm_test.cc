#include "sandbox/lsm.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/io.h"
#include "base/str.h"
#include "sandbox/procfs.h"

namespace redoubt::sandbox {
namespace {

TEST(ParseAppArmorLabel, SeparatesNameAndMode) {
  const struct {
    const char *text, *profile, *mode;
  } cases[] = {{"unconfined\n", "unconfined", ""},
               {"docker-default (enforce)\n", "docker-default", "enforce"},
               {"unconfined_foo (complain)", "unconfined_foo", "complain"},
               {"a (b) (enforce)\n", "a (b)", "enforce"},
               {"first//&second (mixed)\n", "first//&second", "mixed"},
               {"", "", ""},
               {"open (", "open (", ""}};
  for (const auto& c : cases) {
    const AppArmorLabel label = parse_apparmor_label(c.text);
    EXPECT_EQ(label.profile, c.profile) << c.text;
    EXPECT_EQ(label.mode, c.mode) << c.text;
  }
}

TEST(CheckLabel, IsRefusedWhereTheModuleIsOff) {
  EXPECT_TRUE(check_selinux_label("", "process.selinuxLabel"));
  EXPECT_TRUE(check_apparmor_profile("", "process.apparmorProfile"));
  if (!selinux_enabled()) {
    const Status status = check_selinux_label("a:b:c:s0", "process.selinuxLabel");
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message(),
              "process.selinuxLabel: selinux label is specified in config, but selinux is disabled "
              "or not supported");
  }
  if (!apparmor_enabled()) {
    const Status status = check_apparmor_profile("x", "process.apparmorProfile");
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message(),
              "process.apparmorProfile: apparmor: config provided but apparmor not supported");
  }
}

TEST(PrivateProcfs, ShowsThisProcessAndNothingBesidesProcesses) {
  const Result<UniqueFd> proc = open_private_procfs();
  ASSERT_TRUE(proc) << proc.error().message();
  const Result<UniqueFd> status =
      open_in_procfs(proc->get(), concat(getpid(), "/status"), O_RDONLY);
  ASSERT_TRUE(status) << status.error().message();
  EXPECT_NE(read_all(status->get(), 65536, "status")->find(concat("Pid:\t", getpid(), "\n")),
            std::string::npos);
  struct stat ours {
  }, hosts{};
  ASSERT_EQ(fstat(proc->get(), &ours), 0);
  ASSERT_EQ(stat("/proc", &hosts), 0);
  if (ours.st_dev == hosts.st_dev) {
    GTEST_SKIP() << "needs root for a procfs of its own";
  }
  EXPECT_FALSE(open_in_procfs(proc->get(), "sys/kernel/core_pattern", O_RDONLY));
  const Result<UniqueFd> full = open_private_procfs(ProcfsView::kFull);
  ASSERT_TRUE(full);
  EXPECT_TRUE(open_in_procfs(full->get(), "sys/kernel/core_pattern", O_RDONLY));
}

TEST(PrivateProcfs, LeavesByNoLink) {
  const Result<UniqueFd> proc = open_private_procfs();
  ASSERT_TRUE(proc);
  for (const char* path :
       {"self/root", "self/exe", "self/cwd", "self/fd/0", "/etc/passwd", "../etc/passwd"}) {
    EXPECT_FALSE(open_in_procfs(proc->get(), path, O_RDONLY)) << path;
  }
}

// CVE-2019-16884: something else is mounted where the label's file should be.
TEST(PrivateProcfs, IsNotFooledByMountsOverProc) {
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 ||
        mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", "/proc", "tmpfs", 0, nullptr) != 0) {
      _exit(77);
    }
    // With a mount of its own it works, without one it must be refused.
    const Result<UniqueFd> proc = open_private_procfs();
    _exit(!proc || open_in_procfs(proc->get(), "self/stat", O_RDONLY) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WEXITSTATUS(status) == 77) {
    GTEST_SKIP() << "needs user and mount namespaces";
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace redoubt::sandbox
