// From a refused system call back to the rule.
#include "policy/refused_call.h"

#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "documents.h"
#include "policy/effective.h"
#include "policy/resolve.h"
#include "specs.h"

namespace redoubt::policy {
namespace {

using testing::StartsWith;

struct Case {
  oci::Spec spec;
  Effective policy;
  plan::Plan plan;

  RefusingRule find(const RefusedCall& call) const {
    return find_refusing_rule(plan, policy.document, spec, call);
  }
};

Case resolved(const std::string& node = "", oci::Spec spec = small_spec()) {
  PolicySources sources{std::nullopt, lookup_with("")};
  if (!node.empty()) {
    sources.node = SourceText{node_text(node), "node.json"};
  }
  Result<Effective> policy = choose_policy(sources, {});
  EXPECT_TRUE(policy) << policy.error().message();
  Case result{std::move(spec), *std::move(policy), {}};
  const plan::HostFacts host = capable_host();
  Result<plan::Plan> plan = resolve(
      {.spec = result.spec, .host = host, .id = "c1", .bundle = "/b", .policy = &result.policy});
  EXPECT_TRUE(plan) << plan.error().message();
  result.plan = *std::move(plan);
  return result;
}

oci::Spec with_filter(oci::Spec spec = small_spec()) {
  spec.linux_->seccomp.emplace();
  spec.linux_->seccomp->default_action = "SCMP_ACT_ALLOW";
  oci::SeccompSyscall& refused = spec.linux_->seccomp->syscalls.emplace_back();
  refused.names = {"chroot", "keyctl"};
  refused.action = "SCMP_ACT_ERRNO";
  return spec;
}

TEST(FindRefusingRule, NamesTheFieldAndTheLineOfTheProfile) {
  const Case c = resolved();
  struct Row {
    RefusedCall call;
    std::string control;
  };
  for (const Row& row : {Row{{"keyctl"}, "kernel.keyrings"},
                         Row{{"io_uring_setup"}, "kernel.ioUring"},
                         Row{{"clone3"}, "kernel.userNamespaces"},
                         Row{{"unshare", {CLONE_NEWUSER, 0}}, "kernel.userNamespaces"},
                         Row{{"unshare", {CLONE_NEWNS, 0}}, "kernel.mounts"},
                         Row{{"socket", {AF_ALG, 0}}, "network.families"},
                         Row{{"ioctl", {0, TIOCSTI}}, "kernel.terminalInjection"},
                         Row{{"s390_runtime_instr"}, "syscalls.default"}}) {
    const RefusingRule rule = c.find(row.call);
    EXPECT_EQ(rule.control, row.control) << row.call.name;
    EXPECT_THAT(rule.source, StartsWith("profiles/default.json:")) << row.call.name;
  }
}

TEST(FindRefusingRule, NamesNothingForWhatIsAllowed) {
  const Case c = resolved();
  for (const RefusedCall& call : {RefusedCall{"read"}, RefusedCall{"socket", {AF_INET, 0}},
                                  RefusedCall{"ioctl", {0, TIOCGWINSZ}}}) {
    EXPECT_EQ(c.find(call).control, "") << call.name;
    EXPECT_EQ(c.find(call).source, "") << call.name;
  }
}

TEST(FindRefusingRule, NamesTheEntryOfADenyList) {
  const Case c = resolved(R"(,"syscalls": {"deny": [{"names": ["chroot"], "reason": "r"}]})");
  const RefusingRule rule = c.find({"chroot"});
  EXPECT_EQ(rule.control, "syscalls.deny");
  EXPECT_THAT(rule.source, StartsWith("node.json:"));
}

TEST(FindRefusingRule, NamesTheCeiling) {
  const Case c = resolved(R"(,"syscalls": {"allow": [{"names": ["read"], "reason": "r"}]})");
  EXPECT_EQ(c.find({"getpid"}).control, "syscalls.allow");
  EXPECT_EQ(c.find({"read"}).control, "");
}

TEST(FindRefusingRule, NamesConfigJsonWhereItsFilterAloneRefuses) {
  const Case c = resolved("", with_filter());
  EXPECT_EQ(c.find({"chroot"}).control, "linux.seccomp");
  EXPECT_EQ(c.find({"chroot"}).source, "config.json");
  EXPECT_EQ(c.find({"keyctl"}).control, "kernel.keyrings");
}

TEST(FindRefusingRule, TellsRefusedFromLogged) {
  Case c = resolved("", with_filter());
  for (plan::Seccomp& filter : c.plan.seccomp_floor) {
    for (plan::SeccompRule& rule : filter.rules) {
      rule.action = plan::SeccompAction::kLog;
    }
  }
  EXPECT_EQ(c.find({.name = "keyctl", .denied = false}).control, "kernel.keyrings");
  EXPECT_EQ(c.find({.name = "keyctl", .denied = true}).control, "linux.seccomp");
}

TEST(FindRefusingRule, NamesTheRuleAgainstForeignArchitectures) {
  const Case c = resolved(R"(,"syscalls": {"foreignArchitectures": {"value": "deny", "reason": "r"}})");
  EXPECT_EQ(c.find({.name = "read", .foreign = true}).control, "syscalls.foreignArchitectures");
}

}  // namespace
}  // namespace redoubt::policy
