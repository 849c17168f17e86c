// Whole configurations in the shape of the engines, resolved and compared as text. See
// tests/testdata/plans/README.md.
#include <sys/mount.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "oci/spec_json.h"
#include "plan/capability_names.h"
#include "plan/plan_text.h"
#include "plan/seccomp_names.h"
#include "policy/resolve.h"
#include "specs.h"

namespace redoubt::policy {
namespace {

struct Case {
  const char* name;
  uid_t euid;
  bool systemd_cgroup;
};

constexpr Case kCases[] = {
    {"buildkit", 0, false},
    {"containerd-cri", 0, true},
    {"docker", 0, true},
    {"podman", 0, true},
    {"privileged", 0, false},
    {"rootless", 1000, false},
    {"runc-spec", 0, false},
};

plan::HostFacts facts_of(const Case& c) {
  plan::HostFacts host;
  host.euid = c.euid;
  host.egid = c.euid;
  host.bounding_capabilities = plan::kAllCapabilities;
  host.selinux_enabled = true;
  host.apparmor_enabled = true;
  return host;
}

class GoldenPlans : public testing::TestWithParam<Case> {
 protected:
  static std::string folder() { return std::string(REDOUBT_TESTDATA "/plans/") + GetParam().name; }

  static Result<oci::Spec> parsed() {
    TRY_ASSIGN(const json::Value document,
               json::parse(read_text(folder() + "/config.json"), "config.json"));
    return oci::parse_spec(document);
  }

  static Result<plan::Plan> resolved() {
    TRY_ASSIGN(const oci::Spec spec, parsed());
    const plan::HostFacts host = facts_of(GetParam());
    Request request{spec, host, "c1", "/bundle"};
    request.systemd_cgroup = GetParam().systemd_cgroup;
    request.rootless = GetParam().euid != 0;
    return resolve(request);
  }
};

TEST_P(GoldenPlans, ResolvesToTheExpectedText) {
  const Result<plan::Plan> plan = resolved();
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  const std::string text = plan::to_text(*plan);
  const std::string path = folder() + "/expected.plan.txt";
  if (std::getenv("REDOUBT_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path) << text;
  }
  EXPECT_EQ(text, read_text(path));
}

TEST_P(GoldenPlans, ResolvesToTheSameTextEveryTime) {
  const Result<plan::Plan> first = resolved();
  const Result<plan::Plan> second = resolved();
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(plan::to_text(*first), plan::to_text(*second));
}

bool has_word(const oci::Mount& mount, std::string_view word) {
  return std::find(mount.options.begin(), mount.options.end(), word) != mount.options.end();
}

// Whatever config.json takes away from the container stays away.
void expect_mounts_not_weaker(const oci::Spec& spec, const plan::Plan& plan) {
  ASSERT_EQ(plan.mounts.size(), spec.mounts.size());
  constexpr std::pair<const char*, uint64_t> kRestrictions[] = {{"ro", MOUNT_ATTR_RDONLY},
                                                                {"nosuid", MOUNT_ATTR_NOSUID},
                                                                {"nodev", MOUNT_ATTR_NODEV},
                                                                {"noexec", MOUNT_ATTR_NOEXEC}};
  for (size_t i = 0; i < spec.mounts.size(); ++i) {
    for (const auto& [word, bit] : kRestrictions) {
      const plan::Mount& mount = plan.mounts[i];
      if (has_word(spec.mounts[i], word)) {
        EXPECT_NE(mount.attr_set & bit, 0U) << mount.destination << ' ' << word;
        EXPECT_EQ((mount.attr_clear | mount.attr_clear_unlocked) & bit, 0U) << mount.destination;
      }
    }
  }
}

void expect_set_not_wider(const std::optional<std::vector<std::string>>& names, uint64_t mask) {
  for (const std::string& name : plan::capability_names_of(mask)) {
    ASSERT_TRUE(names.has_value());
    EXPECT_NE(std::find(names->begin(), names->end(), name), names->end()) << name;
  }
}

void expect_seccomp_not_weaker(const oci::Seccomp& seccomp, const plan::Plan& plan) {
  ASSERT_TRUE(plan.seccomp.has_value());
  EXPECT_EQ(plan::seccomp_action_name(plan.seccomp->default_action), seccomp.default_action);
  ASSERT_EQ(plan.seccomp->rules.size(), seccomp.syscalls.size());
  for (size_t i = 0; i < seccomp.syscalls.size(); ++i) {
    EXPECT_EQ(plan::seccomp_action_name(plan.seccomp->rules[i].action), seccomp.syscalls[i].action);
    EXPECT_EQ(plan.seccomp->rules[i].names, seccomp.syscalls[i].names);
    EXPECT_EQ(plan.seccomp->rules[i].arguments.size(), seccomp.syscalls[i].args.size());
  }
}

TEST_P(GoldenPlans, IsNowhereWeakerThanTheConfiguration) {
  const Result<oci::Spec> spec = parsed();
  const Result<plan::Plan> plan = resolved();
  ASSERT_TRUE(spec.has_value() && plan.has_value());
  const oci::Capabilities caps = spec->process->capabilities.value_or(oci::Capabilities());
  expect_set_not_wider(caps.bounding, plan->process.capabilities.bounding);
  expect_set_not_wider(caps.effective, plan->process.capabilities.effective);
  expect_set_not_wider(caps.inheritable, plan->process.capabilities.inheritable);
  expect_set_not_wider(caps.permitted, plan->process.capabilities.permitted);
  expect_set_not_wider(caps.ambient, plan->process.capabilities.ambient);
  EXPECT_EQ(plan->process.no_new_privileges, spec->process->no_new_privileges);
  EXPECT_EQ(plan->process.selinux_label, spec->process->selinux_label);
  EXPECT_EQ(plan->process.apparmor_profile, spec->process->apparmor_profile);
  EXPECT_EQ(plan->rootfs.readonly, spec->root->readonly);
  expect_mounts_not_weaker(*spec, *plan);
  for (const std::string& path : spec->linux_->masked_paths) {
    EXPECT_THAT(plan->masked_paths, testing::Contains(path));
  }
  for (const std::string& path : spec->linux_->readonly_paths) {
    EXPECT_THAT(plan->readonly_paths, testing::Contains(path));
  }
  EXPECT_EQ(plan->namespaces.size(), spec->linux_->namespaces.size());
  if (spec->linux_->seccomp) {
    expect_seccomp_not_weaker(*spec->linux_->seccomp, *plan);
  }
  EXPECT_FALSE(plan->cgroup.device_rules.front().allow);
}

INSTANTIATE_TEST_SUITE_P(Engines,
                         GoldenPlans,
                         testing::ValuesIn(kCases),
                         [](const auto& param_info) {
                           std::string name = param_info.param.name;
                           for (char& c : name) {
                             c = c == '-' ? '_' : c;
                           }
                           return name;
                         });

}  // namespace
}  // namespace redoubt::policy
