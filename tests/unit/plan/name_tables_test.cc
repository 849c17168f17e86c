// All tables of words: sorted, without doubles, and with the numbers of the kernel.
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/namespace_names.h"
#include "plan/rlimit_names.h"
#include "plan/scheduling_names.h"
#include "plan/seccomp_names.h"

namespace redoubt::plan {
namespace {

using testing::ElementsAre;

struct Table {
  const char* what;
  std::span<const NamedNumber> rows;
};

TEST(NameTables, AreSortedAndFindEveryWord) {
  const Table tables[] = {
      {"rlimits", rlimit_names()},
      {"scheduler policies", scheduler_policy_names()},
      {"scheduler flags", scheduler_flag_names()},
      {"i/o classes", io_priority_class_names()},
      {"memory modes", memory_policy_mode_names()},
      {"memory flags", memory_policy_flag_names()},
      {"domains", personality_domain_names()},
      {"seccomp actions", seccomp_action_names()},
      {"seccomp operators", seccomp_operator_names()},
      {"seccomp flags", seccomp_flag_names()},
  };
  for (const Table& table : tables) {
    const auto names = names_of(table.rows);
    EXPECT_TRUE(std::is_sorted(names.begin(), names.end())) << table.what;
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end()) << table.what;
    for (const NamedNumber& row : table.rows) {
      EXPECT_EQ(find_number(table.rows, row.name), row.number) << table.what << ' ' << row.name;
    }
    EXPECT_FALSE(find_number(table.rows, "").has_value()) << table.what;
    EXPECT_FALSE(find_number(table.rows, "ZZZ").has_value()) << table.what;
  }
}

TEST(RlimitNames, CoverEveryLimitOfTheKernel) {
  EXPECT_EQ(rlimit_names().size(), size_t{RLIM_NLIMITS});
  EXPECT_EQ(find_number(rlimit_names(), "RLIMIT_NOFILE"), RLIMIT_NOFILE);
  EXPECT_EQ(find_number(rlimit_names(), "RLIMIT_RTTIME"), RLIMIT_RTTIME);
}

TEST(SchedulingNames, HaveTheNumbersOfTheKernel) {
  EXPECT_EQ(find_number(scheduler_policy_names(), "SCHED_DEADLINE"), SCHED_DEADLINE);
  EXPECT_EQ(find_number(scheduler_flag_names(), "SCHED_FLAG_DL_OVERRUN"), SCHED_FLAG_DL_OVERRUN);
  EXPECT_EQ(find_number(io_priority_class_names(), "IOPRIO_CLASS_IDLE"), 3);
  EXPECT_EQ(find_number(memory_policy_mode_names(), "MPOL_LOCAL"), MPOL_LOCAL);
  EXPECT_EQ(find_number(memory_policy_flag_names(), "MPOL_F_STATIC_NODES"), MPOL_F_STATIC_NODES);
  EXPECT_EQ(find_number(personality_domain_names(), "LINUX32"), PER_LINUX32);
}

TEST(NamespaceNames, AreTheEightOfTheKernelSorted) {
  std::vector<std::string_view> names;
  for (const NamespaceName& row : namespace_names()) {
    names.push_back(row.name);
    EXPECT_EQ(find_namespace_type(row.name), row.type);
    EXPECT_EQ(describe(row.type).name, row.name);
  }
  EXPECT_THAT(names,
              ElementsAre("cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"));
  EXPECT_EQ(describe(NamespaceType::kMount).clone_flag, uint64_t{CLONE_NEWNS});
  EXPECT_EQ(describe(NamespaceType::kMount).proc_name, "mnt");
  EXPECT_EQ(describe(NamespaceType::kNetwork).proc_name, "net");
  EXPECT_FALSE(find_namespace_type("mnt").has_value());
}

TEST(SeccompNames, NeverMistakeAWordForAllow) {
  EXPECT_EQ(find_seccomp_action("SCMP_ACT_KILL"), SeccompAction::kKillThread);
  EXPECT_EQ(find_seccomp_action("SCMP_ACT_KILL_PROCESS"), SeccompAction::kKillProcess);
  EXPECT_EQ(seccomp_action_name(SeccompAction::kKillThread), "SCMP_ACT_KILL_THREAD");
  for (const char* name : {"", "SCMP_ACT_ALLO", "SCMP_ACT_ALLOW2", "scmp_act_allow", "ALLOW"}) {
    EXPECT_FALSE(find_seccomp_action(name).has_value()) << name;
  }
  EXPECT_EQ(find_seccomp_operator("SCMP_CMP_MASKED_EQ"), SeccompOperator::kMaskedEqual);
  EXPECT_EQ(seccomp_operator_name(SeccompOperator::kNotEqual), "SCMP_CMP_NE");
}

TEST(SeccompNames, KnowTheArchitecturesByBothNames) {
  const auto rows = seccomp_architectures();
  EXPECT_EQ(rows.size(), 18U);
  EXPECT_TRUE(std::is_sorted(
      rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.name < b.name; }));
  EXPECT_EQ(find_seccomp_architecture("SCMP_ARCH_X86_64"), "x86_64");
  EXPECT_EQ(find_seccomp_architecture("SCMP_ARCH_AARCH64"), "aarch64");
  EXPECT_FALSE(find_seccomp_architecture("x86_64").has_value());
}

}  // namespace
}  // namespace redoubt::plan
