#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/specs.h"

namespace redoubt::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

plan::Process resolved(const oci::Process& process) {
  std::vector<std::string> warnings;
  Result<plan::Process> result = resolve_process(process, capable_host(), warnings);
  EXPECT_TRUE(result.has_value()) << error_of(result);
  EXPECT_THAT(warnings, IsEmpty());
  return result ? *result : plan::Process{};
}

std::string refusal(const oci::Process& process, const plan::HostFacts& host = capable_host()) {
  std::vector<std::string> warnings;
  return error_of(resolve_process(process, host, warnings));
}

TEST(ResolveProcess, KeepsTheLastOfEqualVariables) {
  oci::Process process;
  process.env = {"A=1", "PATH=/bin", "A=2", "HOME=", "AB=3", "A="};
  EXPECT_THAT(resolved(process).env, ElementsAre("PATH=/bin", "HOME=", "AB=3", "A="));
}

TEST(ResolveProcess, RefusesVariablesWithoutNameOrSign) {
  oci::Process process;
  process.env = {"A=1", "PATH"};
  EXPECT_EQ(refusal(process), "process.env[1]: invalid environment variable: missing '='");
  process.env = {"=x"};
  EXPECT_EQ(refusal(process), "process.env[0]: invalid environment variable: name cannot be empty");
  process.env = {""};
  EXPECT_THAT(refusal(process), HasSubstr("process.env[0]"));
}

TEST(ResolveProcess, DefaultsAreThoseOfRunc) {
  const plan::Process process = resolved(oci::Process{});
  EXPECT_EQ(process.cwd, "/");
  EXPECT_EQ(process.umask, mode_t{0022});
  EXPECT_EQ(process.capabilities.bounding, 0U);
  EXPECT_EQ(process.capabilities.permitted, 0U);
  EXPECT_FALSE(process.oom_score_adj.has_value());
  EXPECT_FALSE(process.no_new_privileges);
}

TEST(ResolveProcess, CopiesIdentityExactly) {
  oci::Process process;
  process.user = {4294967294U, 2147483648U, 0, {1, 4294967293U}};
  process.cwd = "/a/../b";
  process.no_new_privileges = true;
  process.oom_score_adj = -999;
  const plan::Process result = resolved(process);
  EXPECT_EQ(result.uid, 4294967294U);
  EXPECT_EQ(result.gid, 2147483648U);
  EXPECT_EQ(result.umask, mode_t{0});
  EXPECT_THAT(result.additional_gids, ElementsAre(1U, 4294967293U));
  EXPECT_EQ(result.cwd, "/a/../b");
  EXPECT_TRUE(result.no_new_privileges);
  EXPECT_EQ(result.oom_score_adj, -999);
}

TEST(ResolveProcess, ConsoleSizeFitsTheKernelsField) {
  oci::Process process;
  process.terminal = true;
  process.console_size = oci::ConsoleSize{40, 65535};
  EXPECT_EQ(resolved(process).console_width, 65535);
  process.console_size->height = 65536;
  EXPECT_THAT(refusal(process), HasSubstr("process.consoleSize"));
}

TEST(ResolveProcess, NeverStartsUnconfinedWhenALabelIsAsked) {
  plan::HostFacts bare = capable_host();
  bare.selinux_enabled = false;
  bare.apparmor_enabled = false;
  oci::Process process;
  process.selinux_label = "system_u:system_r:container_t:s0";
  EXPECT_EQ(refusal(process, bare),
            "selinux label is specified in config, but selinux is disabled or not supported");
  EXPECT_EQ(resolved(process).selinux_label, process.selinux_label);
  process.selinux_label.clear();
  process.apparmor_profile = "docker-default";
  EXPECT_THAT(refusal(process, bare), HasSubstr("process.apparmorProfile \"docker-default\""));
  EXPECT_EQ(resolved(process).apparmor_profile, "docker-default");
  process.apparmor_profile = "unconfined";
  EXPECT_EQ(refusal(process, bare), "");
}

TEST(ResolveProcess, CpuAffinityMustBeCpuLists) {
  oci::Process process;
  process.exec_cpu_affinity = oci::ExecCpuAffinity{"0-1", "3"};
  EXPECT_EQ(resolved(process).cpu_affinity_initial, "0-1");
  EXPECT_EQ(resolved(process).cpu_affinity_final, "3");
  process.exec_cpu_affinity->final_ = "3-1";
  EXPECT_THAT(refusal(process), HasSubstr("process.execCPUAffinity.final: \"3-1\": bad range"));
}

TEST(ResolveProcess, PersonalityAndMemoryPolicyComeFromTheContainer) {
  oci::Spec spec = small_spec();
  spec.linux_->personality = oci::Personality{"LINUX32", {}};
  spec.linux_->memory_policy = oci::MemoryPolicy{"MPOL_BIND", "1,64", {}};
  const auto plan = resolve_spec(spec);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_EQ(plan->process.personality, 8UL);
  ASSERT_TRUE(plan->process.memory_policy.has_value());
  EXPECT_EQ(plan->process.memory_policy->mode, 2);
  EXPECT_THAT(plan->process.memory_policy->nodes, ElementsAre(2U, 1U));
}

}  // namespace
}  // namespace redoubt::policy
