// What policy makes of a Plan: it takes away, it never adds, and it says what it did.
#include "policy/harden.h"

#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/sched.h>

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hardened.h"
#include "policy/surface_table.h"

namespace redoubt::policy {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kDockerCapabilities = {
    "CAP_CHOWN",        "CAP_DAC_OVERRIDE", "CAP_FSETID",    "CAP_FOWNER",      "CAP_MKNOD",
    "CAP_NET_RAW",      "CAP_SETGID",       "CAP_SETUID",    "CAP_SETFCAP",     "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",    "CAP_AUDIT_WRITE"};

// Whether some filter refuses the call whatever its arguments are.
bool refuses(const plan::Plan& plan, const std::string& name) {
  const auto refused_by = [&](const plan::Seccomp& filter) {
    plan::SeccompAction action = filter.default_action;
    for (const plan::SeccompRule& rule : filter.rules) {
      if (rule.arguments.empty() &&
          std::find(rule.names.begin(), rule.names.end(), name) != rule.names.end()) {
        action = rule.action;
      }
    }
    return action == plan::SeccompAction::kErrno;
  };
  return (plan.seccomp && refused_by(*plan.seccomp)) ||
         std::any_of(plan.seccomp_floor.begin(), plan.seccomp_floor.end(), refused_by);
}

TEST(HardenSeccomp, GivesAFilterWhereThereIsNone) {
  const Effective policy = policy_of({});
  const auto plan = hardened(small_spec(), policy);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  ASSERT_TRUE(plan->seccomp.has_value());
  for (const SurfaceCall& call : surface_calls()) {
    EXPECT_EQ(refuses(*plan, std::string(call.name)), call.field != Field::kPtrace) << call.name;
  }
  for (const char* name : {"execve", "openat", "clone", "socket", "ioctl", "ptrace"}) {
    EXPECT_FALSE(refuses(*plan, name)) << name;
  }
  EXPECT_TRUE(refuses(*plan, "clone3"));
}

TEST(HardenSeccomp, KeepsTheFilterOfConfigJsonAndPutsAFloorUnderIt) {
  oci::Spec spec = small_spec();
  spec.linux_->seccomp.emplace();
  spec.linux_->seccomp->default_action = "SCMP_ACT_ALLOW";
  const Effective policy = policy_of({});
  const auto plan = hardened(spec, policy);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_TRUE(plan->seccomp->rules.empty());
  ASSERT_EQ(plan->seccomp_floor.size(), 1U);
  EXPECT_TRUE(refuses(*plan, "bpf"));
}

TEST(HardenSeccomp, LiftsExactlyWhatACapabilityIsFor) {
  const Effective policy = policy_of({});
  const auto plan = hardened(spec_with({"CAP_KILL", "CAP_SYS_TIME"}), policy);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  for (const SurfaceCall& call : surface_calls()) {
    const bool lifted = (call.lifted_by >> CAP_SYS_TIME & 1) != 0 || call.field == Field::kPtrace;
    EXPECT_EQ(refuses(*plan, std::string(call.name)), !lifted) << call.name;
  }
  EXPECT_THAT(decision_of(*plan, "kernel.clock")->value, HasSubstr("lifted by CAP_SYS_TIME"));
}

TEST(HardenSeccomp, IsNotLiftedWhereTheNodeItselfSaysSo) {
  const Effective policy =
      policy_of({}, R"(,"kernel":{"clock":{"value":"deny","reason":"r"}})");
  const auto plan = hardened(spec_with({"CAP_SYS_TIME"}), policy);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_TRUE(refuses(*plan, "clock_settime"));
}

bool ceiling_has(const plan::Plan& plan, const std::string& name) {
  const std::vector<std::string>& names = plan.seccomp_floor.front().rules.front().names;
  return std::binary_search(names.begin(), names.end(), name);
}

TEST(HardenSeccomp, ACeilingLetsTheRuntimeStartTheProgramAndNoMore) {
  const std::string members = R"(,"syscalls":{"allow":[{"names":["mmap"],"reason":"r"}]})";
  const auto early = hardened(small_spec(), policy_of({}, members));
  ASSERT_TRUE(early.has_value()) << error_of(early);
  for (const char* name : {"capset", "execve", "mmap", "seccomp", "sendmsg", "setresuid"}) {
    EXPECT_TRUE(ceiling_has(*early, name)) << name;
  }
  EXPECT_FALSE(ceiling_has(*early, "openat"));
  const auto late = hardened(
      small_spec(),
      policy_of({}, members + R"(,"process":{"noNewPrivileges":{"value":true,"reason":"r"}})"));
  ASSERT_TRUE(late.has_value()) << error_of(late);
  EXPECT_TRUE(ceiling_has(*late, "execve"));
  EXPECT_FALSE(ceiling_has(*late, "setresuid"));
}

// How many conditions on the flags of clone and unshare there are for the kind of namespace.
size_t refusals_of(const plan::Plan& plan, uint64_t kind) {
  size_t found = 0;
  for (const plan::Seccomp& filter : plan.seccomp_floor) {
    for (const plan::SeccompRule& rule : filter.rules) {
      found += !rule.arguments.empty() && rule.arguments.front().value == kind &&
               (rule.names.front() == "clone" || rule.names.front() == "unshare");
    }
  }
  return found;
}

TEST(HardenSeccomp, RefusesNewNamespacesThatOnlyCapSysAdminMayMake) {
  const Effective policy = policy_of({});
  const auto plan = hardened(small_spec(), policy);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  for (const uint64_t kind : {CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWPID, CLONE_NEWUSER}) {
    EXPECT_EQ(refusals_of(*plan, kind), 2U) << kind;
  }
  EXPECT_EQ(refusals_of(*plan, CLONE_NEWTIME), 1U);
  const auto lifted = hardened(spec_with({"CAP_SYS_ADMIN"}), policy);
  ASSERT_TRUE(lifted.has_value()) << error_of(lifted);
  EXPECT_EQ(refusals_of(*lifted, CLONE_NEWNS), 0U);
}

TEST(HardenSeccomp, LeavesNamespacesToWhoMayMakeUserNamespaces) {
  const Effective policy = policy_of({{"io.redoubt.profile", "builder"}},
                                     R"(,"node":{"allowedProfiles":[{"names":["builder"],"reason":"r"}]})");
  const auto plan = hardened(small_spec(), policy);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_EQ(refusals_of(*plan, CLONE_NEWPID), 0U);
}

TEST(HardenSeccomp, ComparesTheLowHalfOfIntegerArguments) {
  const Effective policy = policy_of({});
  const auto plan = hardened(small_spec(), policy);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  size_t conditions = 0;
  for (const plan::SeccompRule& rule : plan->seccomp_floor.front().rules) {
    for (const plan::SeccompArgument& argument : rule.arguments) {
      ++conditions;
      EXPECT_EQ(argument.op, plan::SeccompOperator::kMaskedEqual);
      EXPECT_EQ(argument.value >> 32, 0U);
    }
  }
  EXPECT_GT(conditions, 30U);
}

TEST(HardenSeccomp, LogsOnlyInAuditMode) {
  const Effective policy = policy_of(
      {{"io.redoubt.profile", "privileged-audited"}},
      R"(,"node":{"allowedProfiles":[{"names":["privileged-audited"],"reason":"r"}]})");
  const auto plan = hardened(small_spec(), policy);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_FALSE(plan->seccomp.has_value());
  for (const plan::SeccompRule& rule : plan->seccomp_floor.front().rules) {
    EXPECT_EQ(rule.action, plan::SeccompAction::kLog);
  }
}

TEST(HardenCapabilities, TakesFromAnEnginesDefaultWithoutAWord) {
  const Effective policy = policy_of({{"io.redoubt.profile", "web-server"}});
  const auto plan = hardened(spec_with(kDockerCapabilities), policy);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_EQ(plan->process.capabilities.bounding >> CAP_NET_RAW & 1, 0U);
  EXPECT_EQ(plan->process.capabilities.effective >> CAP_SETUID & 1, 1U);
  EXPECT_THAT(decision_of(*plan, "capabilities.allow")->value, HasSubstr("default of docker"));
}

TEST(HardenCapabilities, RefusesARequestThatTheProfileForbids) {
  const Effective policy = policy_of({{"io.redoubt.profile", "web-server"}});
  std::vector<std::string> more = kDockerCapabilities;
  more.emplace_back("CAP_SYS_ADMIN");
  const auto plan = hardened(spec_with(more), policy);
  ASSERT_FALSE(plan.has_value());
  EXPECT_THAT(plan.error().message(), HasSubstr("process.capabilities: config.json asks for"));
  EXPECT_THAT(plan.error().message(), HasSubstr("profiles/web-server.json:"));
}

TEST(HardenCapabilities, NeverAddsAny) {
  RandomDocuments random(11);
  const Effective policy = policy_of({{"io.redoubt.profile", "web-server"}});
  for (int i = 0; i < 200; ++i) {
    plan::Plan plan;
    plan::Process process;
    process.capabilities.bounding = random.below(UINT32_MAX);
    process.capabilities.effective = process.capabilities.bounding & random.below(UINT32_MAX);
    const plan::Capabilities before = process.capabilities;
    const oci::Spec spec = small_spec();
    const plan::HostFacts host = capable_host();
    Hardener hardener{spec, host, policy.document, plan};
    if (harden_capabilities(hardener, process)) {
      EXPECT_EQ(process.capabilities.bounding & ~before.bounding, 0U);
      EXPECT_EQ(process.capabilities.effective & ~before.effective, 0U);
    }
  }
}

oci::Spec privileged_spec() {
  std::vector<std::string> all;
  for (const std::string_view name : plan::capability_names()) {
    all.emplace_back(name);
  }
  return spec_with(all);
}

TEST(Privileged, IsTheNodesDecision) {
  const auto with = [](const char* level) {
    return policy_of({},
                     concat(R"(,"node":{"privileged":{"value":")", level,
                            R"(","reason":"r"}},"kernel":{"kexec":{"value":"deny","reason":"r"}})"));
  };
  const Effective allow = with("allow");
  const Effective floor = with("floor");
  const Effective deny = with("deny");
  const auto allowed = hardened(privileged_spec(), allow);
  ASSERT_TRUE(allowed.has_value()) << error_of(allowed);
  EXPECT_TRUE(allowed->hardening.privileged);
  EXPECT_FALSE(refuses(*allowed, "kexec_load"));
  EXPECT_FALSE(allowed->seccomp.has_value());
  const auto floored = hardened(privileged_spec(), floor);
  ASSERT_TRUE(floored.has_value()) << error_of(floored);
  EXPECT_TRUE(refuses(*floored, "kexec_load"));
  EXPECT_FALSE(refuses(*floored, "mount"));
  EXPECT_THAT(error_of(hardened(privileged_spec(), deny)), HasSubstr("node.privileged: deny"));
}

// Also where nothing of the policy is applied.
TEST(Recording, IsTheNodesWordForEveryContainer) {
  const std::string keeps = R"(,"node":{"recordings":{"value":"/var/lib/r","reason":"r"}})";
  for (const oci::Spec& spec : {small_spec(), privileged_spec()}) {
    const Effective policy = policy_of({{"io.redoubt.record", "web"}}, keeps);
    const auto plan = hardened(spec, policy);
    ASSERT_TRUE(plan.has_value()) << error_of(plan);
    ASSERT_TRUE(plan->hardening.recording.has_value());
    EXPECT_EQ(plan->hardening.recording->directory, "/var/lib/r");
    EXPECT_EQ(plan->hardening.recording->name, "web");
    EXPECT_EQ(plan->hardening.decisions.back().control, "node.recordings");
    EXPECT_EQ(plan->hardening.decisions.back().value, "recorded as web in /var/lib/r");
  }
  EXPECT_FALSE(hardened(small_spec(), policy_of({}, keeps))->hardening.recording.has_value());
}

TEST(HardenFiles, AddsOnlyWhatIsNotCovered) {
  oci::Spec spec = small_spec();
  spec.linux_->readonly_paths = {"/proc/sys"};
  const Effective policy = policy_of({});
  const auto plan = hardened(spec, policy);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_THAT(plan->masked_paths, Contains("/proc/kcore"));
  EXPECT_THAT(plan->readonly_paths, Contains("/proc/sysrq-trigger"));
  EXPECT_THAT(plan->readonly_paths, Not(Contains("/proc/sys/kernel/core_pattern")));
}

TEST(HardenLandlock, DegradesOrRefusesByMode) {
  const std::string members = R"(,"files":{"write":[{"paths":["/tmp"],"reason":"r"}]})";
  const Effective preferred = policy_of({{"io.redoubt.profile", "p"}}, "", profile_text(members));
  const Effective required =
      policy_of({{"io.redoubt.profile", "p"}, {"io.redoubt.mode", "required"}}, "", profile_text(members));
  plan::HostFacts host = capable_host();
  const auto without = hardened(small_spec(), preferred, host);
  ASSERT_TRUE(without.has_value()) << error_of(without);
  EXPECT_FALSE(without->hardening.landlock.active());
  EXPECT_EQ(decision_of(*without, "files.write")->degradation, "this kernel has no Landlock");
  EXPECT_THAT(error_of(hardened(small_spec(), required, host)), HasSubstr("cannot be enforced"));
  host.landlock_abi = 7;
  const auto with = hardened(small_spec(), required, host);
  ASSERT_TRUE(with.has_value()) << error_of(with);
  EXPECT_TRUE(with->hardening.landlock.active());
}

TEST(HardenLandlock, ListsBesideWhatIsRead) {
  const auto with = [](const std::string& members, int abi) {
    plan::HostFacts host = capable_host();
    host.landlock_abi = abi;
    const Effective policy = policy_of({{"io.redoubt.profile", "p"}}, "", profile_text(members));
    return hardened(small_spec(), policy, host);
  };
  const char* const kList = R"("list":[{"paths":["/","/usr"],"reason":"r"}]})";
  const auto plan = with(concat(R"(,"files":{"read":[{"paths":["/usr"],"reason":"r"}],)", kList), 7);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  const plan::Landlock& landlock = plan->hardening.landlock;
  EXPECT_EQ(landlock.handled_fs, uint64_t{LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR});
  for (const plan::LandlockPath& path : landlock.paths) {
    EXPECT_EQ(path.access, path.path == "/" ? uint64_t{LANDLOCK_ACCESS_FS_READ_DIR} : landlock.handled_fs) << path.path;
  }
  EXPECT_EQ(landlock.paths.size(), 2U);
  EXPECT_EQ(decision_of(*plan, "files.list")->backend, "landlock");
  const auto alone = with(concat(R"(,"files":{)", kList), 7);
  ASSERT_TRUE(alone.has_value()) << error_of(alone);
  EXPECT_FALSE(alone->hardening.landlock.active());
  EXPECT_THAT(decision_of(*alone, "files.list")->degradation, HasSubstr("no effect"));
  // It is files.read that cannot be had, and that says so.
  const auto nowhere = with(concat(R"(,"mode":{"value":"required","reason":"r"},"files":{)", kList), 0);
  EXPECT_TRUE(nowhere.has_value()) << error_of(nowhere);
}

// A wall that is asked for and missing is told from one that nobody asked for.
TEST(HardenLandlock, AMissingWallIsADegradedLayer) {
  const auto layer = [](const std::string& members, int abi, const std::string& mode) {
    plan::HostFacts host = capable_host();
    host.landlock_abi = abi;
    const auto plan = hardened(small_spec(), policy_of({}, R"(,"node":{"defaultProfile":{"value":"p","reason":"r"}})", profile_text(mode + members)), host);
    EXPECT_TRUE(plan.has_value()) << error_of(plan);
    const plan::LayerState* found = plan ? layer_of(*plan, "landlock") : nullptr;
    return found == nullptr ? "" : concat(found->level, ": ", found->reason);
  };
  const std::string files = R"(,"files":{"execute":[{"paths":["/bin"],"reason":"r"}]})";
  const std::string scopes = R"(,"landlock":{"scopes":[{"names":["signals"],"reason":"r"}]})";
  const std::string audit = R"(,"mode":{"value":"audit","reason":"r"})";
  EXPECT_EQ(layer("", 0, ""), "off: this kernel has no Landlock");
  EXPECT_EQ(layer("", 7, ""), "off: the profile asks for none of it");
  EXPECT_EQ(layer(files, 0, ""), "degraded: this kernel has no Landlock");
  EXPECT_EQ(layer(scopes, 0, ""), "degraded: this kernel has no Landlock");
  EXPECT_EQ(layer(files + scopes, 5, ""), "degraded: ABI 5: no scopes before 6");
  EXPECT_EQ(layer(files + scopes, 6, ""), "active: ABI 6");
  EXPECT_EQ(layer(files, 0, audit), "off: this kernel has no Landlock");
  EXPECT_THAT(layer(files, 7, audit), HasSubstr("audit: "));
}

TEST(HardenIsolation, RefusesWithoutAMachine) {
  const Effective policy = policy_of({{"io.redoubt.isolation", "vm"}});
  EXPECT_THAT(error_of(hardened(small_spec(), policy)), HasSubstr("demands a virtual machine"));
}

TEST(HardenLabels, GivesEachContainerItsOwnCategories) {
  const Effective policy = policy_of({}, R"(,"selinux":{"type":{"value":"container_t","reason":"r"}})");
  const auto plan = hardened(small_spec(), policy);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_THAT(plan->process.selinux_label, HasSubstr("system_u:system_r:container_t:s0:c"));
  EXPECT_THAT(plan->mount_label, HasSubstr("container_file_t:s0:c"));
}

}  // namespace
}  // namespace redoubt::policy
