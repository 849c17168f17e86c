#include "sandbox/probe.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::sandbox {
namespace {

using testing::Contains;
using testing::Not;

TEST(IsIdentityMap, OnlyTheWholeRangeOntoItself) {
  EXPECT_TRUE(is_identity_map("         0          0 4294967295\n"));
  for (const char* text : {"",
                           "0 0 1\n",
                           "0 1000 4294967295\n",
                           "1 1 4294967294\n",
                           "0 0 65536\n65536 65536 1\n",
                           "0 0 4294967295\n0 0 1\n"}) {
    EXPECT_FALSE(is_identity_map(text)) << text;
  }
}

TEST(ProbeHost, AgreesWithProcfs) {
  const plan::HostFacts facts = probe_host();
  EXPECT_EQ(facts.euid, geteuid());
  EXPECT_EQ(facts.egid, getegid());
  const Result<std::string> last = read_kernel_file_at(AT_FDCWD, "/proc/sys/kernel/cap_last_cap");
  ASSERT_TRUE(last);
  EXPECT_EQ(concat(facts.last_capability, '\n'), *last);
  const std::string status = read_kernel_file_at(AT_FDCWD, "/proc/self/status").value();
  const size_t at = status.find("CapBnd:\t");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(parse_number<uint64_t>(std::string_view(status).substr(at + 8, 16), 16),
            facts.bounding_capabilities);
  EXPECT_EQ(facts.in_user_namespace,
            !is_identity_map(read_kernel_file_at(AT_FDCWD, "/proc/self/uid_map").value()));
}

TEST(ProbeHost, SeesAUserNamespace) {
  const pid_t child = fork();
  if (child == 0) {
    _exit(unshare(CLONE_NEWUSER) != 0 ? 77 : probe_host().in_user_namespace ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WEXITSTATUS(status) == 77) {
    GTEST_SKIP() << "needs user namespaces";
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(ProbeNetworkFilter, IsNotAskedWithTheRestAndNotGivenToOtherUserNamespaces) {
  EXPECT_FALSE(probe_host().cgroup_bpf_network);
  const pid_t child = fork();
  if (child == 0) {
    _exit(unshare(CLONE_NEWUSER) != 0 ? 77 : probe_network_filter() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WEXITSTATUS(status) == 77) {
    GTEST_SKIP() << "needs user namespaces";
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(ProbeKernelFeatures, MatchesWhatTheKernelLists) {
  const KernelFeatures features = probe_kernel_features();
  const Result<std::string> listed =
      read_kernel_file_at(AT_FDCWD, "/proc/sys/kernel/seccomp/actions_avail");
  ASSERT_TRUE(listed);
  const struct {
    const char *kernel, *oci;
  } names[] = {{"kill_process", "SCMP_ACT_KILL_PROCESS"},
               {"trap", "SCMP_ACT_TRAP"},
               {"user_notif", "SCMP_ACT_NOTIFY"},
               {"log", "SCMP_ACT_LOG"},
               {"allow", "SCMP_ACT_ALLOW"},
               {"trace", "SCMP_ACT_TRACE"}};
  for (const auto& name : names) {
    if (listed->find(name.kernel) != std::string::npos) {
      EXPECT_THAT(features.seccomp_actions, Contains(name.oci));
    } else {
      EXPECT_THAT(features.seccomp_actions, Not(Contains(name.oci)));
    }
  }
  EXPECT_TRUE(features.seccomp_filter);
  EXPECT_EQ(features.libseccomp_version.substr(0, 2), "2.");
  EXPECT_NE(supported_seccomp_flags() & SECCOMP_FILTER_FLAG_LOG, 0U);
  EXPECT_EQ(supported_seccomp_flags() & SECCOMP_FILTER_FLAG_NEW_LISTENER, 0U);
}

}  // namespace
}  // namespace redoubt::sandbox
