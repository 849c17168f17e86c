#include <linux/seccomp.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/specs.h"

namespace redoubt::policy {
namespace {

using plan::SeccompAction;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

oci::SeccompSyscall call(std::vector<std::string> names, const char* action) {
  oci::SeccompSyscall result;
  result.names = std::move(names);
  result.action = action;
  return result;
}

class ResolveSeccomp : public testing::Test {
 protected:
  ResolveSeccomp() {
    spec_.linux_->seccomp = oci::Seccomp{};
    seccomp().default_action = "SCMP_ACT_ERRNO";
  }
  oci::Seccomp& seccomp() { return *spec_.linux_->seccomp; }
  std::string refusal() const { return error_of(resolve_spec(spec_)); }
  plan::Seccomp resolved() const {
    const auto plan = resolve_spec(spec_);
    EXPECT_TRUE(plan.has_value()) << error_of(plan);
    return plan && plan->seccomp ? *plan->seccomp : plan::Seccomp{};
  }
  oci::Spec spec_ = small_spec();
};

TEST_F(ResolveSeccomp, EmptySectionIsNoSection) {
  seccomp() = oci::Seccomp{};
  EXPECT_FALSE(resolve_spec(spec_)->seccomp.has_value());
}

TEST_F(ResolveSeccomp, RulesWithoutDefaultActionAreAnError) {
  seccomp().default_action = "";
  seccomp().syscalls = {call({"read"}, "SCMP_ACT_ALLOW")};
  EXPECT_THAT(refusal(),
              HasSubstr("linux.seccomp.defaultAction: string  is not a valid action for seccomp"));
}

TEST_F(ResolveSeccomp, DeniesUnknownActionInsteadOfAllowing) {
  seccomp().syscalls = {call({"read"}, "SCMP_ACT_ALLOW"), call({"ptrace"}, "SCMP_ACT_DENY")};
  EXPECT_EQ(
      refusal(),
      "linux.seccomp.syscalls[1].action: string SCMP_ACT_DENY is not a valid action for seccomp");
}

TEST_F(ResolveSeccomp, KeepsEveryRuleInOrder) {
  seccomp().syscalls = {call({"read", "write"}, "SCMP_ACT_ALLOW"),
                        call({"ptrace"}, "SCMP_ACT_KILL_PROCESS")};
  seccomp().syscalls[1].args = {{1, 5, 6, "SCMP_CMP_MASKED_EQ"}};
  const plan::Seccomp result = resolved();
  ASSERT_EQ(result.rules.size(), 2U);
  EXPECT_THAT(result.rules[0].names, ElementsAre("read", "write"));
  EXPECT_EQ(result.rules[1].action, SeccompAction::kKillProcess);
  EXPECT_EQ(result.rules[1].arguments.at(0).index, 1U);
  EXPECT_EQ(result.rules[1].arguments.at(0).value_two, 6U);
}

TEST_F(ResolveSeccomp, ErrnoDefaultsToEperm) {
  seccomp().syscalls = {
      call({"a"}, "SCMP_ACT_ERRNO"), call({"b"}, "SCMP_ACT_ERRNO"), call({"c"}, "SCMP_ACT_ERRNO")};
  seccomp().syscalls[1].errno_ret = 38;
  seccomp().syscalls[2].errno_ret = 0;
  seccomp().default_errno_ret = 22;
  const plan::Seccomp result = resolved();
  EXPECT_EQ(result.default_errno_ret, 22U);
  EXPECT_EQ(result.rules[0].errno_ret, 1U);
  EXPECT_EQ(result.rules[1].errno_ret, 38U);
  EXPECT_EQ(result.rules[2].errno_ret, 0U);
  seccomp().syscalls[1].errno_ret = 4096;
  EXPECT_THAT(refusal(), HasSubstr("linux.seccomp.syscalls[1].errnoRet: 4096"));
  seccomp().syscalls[1].action = "SCMP_ACT_KILL";
  EXPECT_EQ(refusal(), "");
}

TEST_F(ResolveSeccomp, FlagsDefaultToSpecAllow) {
  EXPECT_EQ(resolved().flags, uint32_t{SECCOMP_FILTER_FLAG_SPEC_ALLOW});
  seccomp().flags = std::vector<std::string>();
  EXPECT_EQ(resolved().flags, 0U);
  seccomp().flags = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"};
  EXPECT_EQ(resolved().flags, uint32_t{SECCOMP_FILTER_FLAG_LOG});
  seccomp().flags = {"SECCOMP_FILTER_FLAG_LOGS"};
  EXPECT_THAT(refusal(), HasSubstr("linux.seccomp.flags[0]"));
}

TEST_F(ResolveSeccomp, Architectures) {
  EXPECT_THAT(resolved().architectures, IsEmpty());
  seccomp().architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"};
  EXPECT_THAT(resolved().architectures, ElementsAre("x86_64", "x86"));
  seccomp().architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_Z80"};
  EXPECT_EQ(refusal(),
            "linux.seccomp.architectures[1]: string SCMP_ARCH_Z80 is not a valid arch for seccomp");
}

TEST_F(ResolveSeccomp, ArgumentsAreChecked) {
  seccomp().syscalls = {call({"a"}, "SCMP_ACT_ALLOW")};
  seccomp().syscalls[0].args = {{0, 1, 0, "SCMP_CMP_EQ"}, {6, 1, 0, "SCMP_CMP_EQ"}};
  EXPECT_THAT(refusal(), HasSubstr("linux.seccomp.syscalls[0].args[1].index: 6"));
  seccomp().syscalls[0].args[1] = {5, 1, 0, "EQ"};
  EXPECT_THAT(refusal(),
              HasSubstr("linux.seccomp.syscalls[0].args[1].op: string EQ is not a valid operator"));
}

TEST_F(ResolveSeccomp, NotifyNeedsAnAgentAndAWayToReachIt) {
  seccomp().syscalls = {call({"mount"}, "SCMP_ACT_NOTIFY")};
  EXPECT_EQ(refusal(), "seccomp listenerPath is not set");
  seccomp().listener_path = "/run/agent.sock";
  seccomp().listener_metadata = "m";
  EXPECT_EQ(resolved().listener_metadata, "m");
  seccomp().syscalls = {call({"mount", "write"}, "SCMP_ACT_NOTIFY")};
  EXPECT_EQ(refusal(), "SCMP_ACT_NOTIFY cannot be used for the write syscall");
  seccomp().syscalls.clear();
  seccomp().default_action = "SCMP_ACT_NOTIFY";
  EXPECT_THAT(refusal(), HasSubstr("SCMP_ACT_NOTIFY cannot be used as default action"));
}

}  // namespace
}  // namespace redoubt::policy
