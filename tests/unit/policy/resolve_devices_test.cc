#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/specs.h"

namespace redoubt::policy {
namespace {

using testing::HasSubstr;

std::vector<std::string> paths_of(const plan::Plan& plan) {
  std::vector<std::string> paths;
  for (const plan::Device& device : plan.devices) {
    paths.push_back(device.path);
  }
  return paths;
}

oci::Device device(const char* path, const char* type, int64_t major, int64_t minor) {
  oci::Device result;
  result.path = path;
  result.type = type;
  result.major = major;
  result.minor = minor;
  return result;
}

oci::DeviceCgroup rule(bool allow,
                       const char* type,
                       std::optional<int64_t> major,
                       std::optional<int64_t> minor,
                       const char* access) {
  return {allow, type, major, minor, access};
}

std::vector<plan::DeviceRule> rules_of(std::vector<oci::DeviceCgroup> devices) {
  oci::Linux config;
  config.resources = oci::Resources{};
  config.resources->devices = std::move(devices);
  const auto rules = resolve_device_rules(config);
  EXPECT_TRUE(rules.has_value()) << error_of(rules);
  return rules ? *rules : std::vector<plan::DeviceRule>();
}

// What the rules answer: the last that matches decides (plan.h).
bool allows(const std::vector<plan::DeviceRule>& rules,
            char type,
            uint32_t major,
            uint32_t minor,
            char access) {
  bool allowed = false;
  for (const plan::DeviceRule& r : rules) {
    const bool same = (r.type == 'a' || r.type == type) && r.major.value_or(major) == major &&
                      r.minor.value_or(minor) == minor;
    const bool bit = access == 'r' ? r.read : access == 'w' ? r.write : r.mknod;
    allowed = same && bit ? r.allow : allowed;
  }
  return allowed;
}

TEST(ResolveDevices, SixNodesAreAlwaysThere) {
  const auto plan = resolve_spec(small_spec());
  EXPECT_THAT(
      paths_of(*plan),
      testing::UnorderedElementsAre(
          "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"));
  for (const plan::Device& d : plan->devices) {
    EXPECT_EQ(d.mode, mode_t{0666});
    EXPECT_EQ(d.type, 'c');
  }
}

TEST(ResolveDevices, ConfigReplacesADefaultOfTheSamePath) {
  oci::Spec spec = small_spec();
  oci::Device null = device("/dev/null", "c", 1, 3);
  null.file_mode = 0100600;
  null.uid = 5;
  spec.linux_->devices = {null, device("/dev/u", "u", 10, 1), device("/dev/p", "p", -1, -1)};
  const auto plan = resolve_spec(spec);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  ASSERT_EQ(plan->devices.size(), 8U);
  EXPECT_EQ(plan->devices[5].path, "/dev/null");
  EXPECT_EQ(plan->devices[5].mode, mode_t{0600});
  EXPECT_EQ(plan->devices[5].uid, 5U);
  EXPECT_EQ(plan->devices[6].type, 'c');
  EXPECT_EQ(plan->devices[7].type, 'p');
}

TEST(ResolveDevices, OfTwoEntriesForOnePathTheFirstStays) {
  oci::Spec spec = small_spec();
  spec.linux_->devices = {device("/dev/fuse", "c", 10, 229), device("/dev/fuse", "b", 8, 0)};
  const auto plan = resolve_spec(spec);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  ASSERT_EQ(plan->devices.size(), 7U);
  EXPECT_EQ(plan->devices[6].major, 10U);
}

TEST(ResolveDevices, RefusesWhatIsNoDevice) {
  oci::Spec spec = small_spec();
  spec.linux_->devices = {device("/dev/x", "x", 1, 1)};
  EXPECT_EQ(error_of(resolve_spec(spec)), "linux.devices[0] \"/dev/x\": invalid device type \"x\"");
  spec.linux_->devices = {device("/dev/x", "c", -1, 1)};
  EXPECT_THAT(error_of(resolve_spec(spec)), HasSubstr("major -1 is out of range"));
  spec.linux_->devices = {device("/dev/x", "b", 1, int64_t{1} << 32)};
  EXPECT_THAT(error_of(resolve_spec(spec)), HasSubstr("minor 4294967296 is out of range"));
}

// GHSA-g54h-m393-cpwq: an empty list once meant that everything is allowed.
TEST(ResolveDeviceRules, EmptyListDeniesEverythingButTheDefaults) {
  const auto rules = rules_of({});
  ASSERT_FALSE(rules.empty());
  EXPECT_FALSE(rules[0].allow);
  EXPECT_FALSE(allows(rules, 'b', 8, 0, 'r'));
  EXPECT_FALSE(allows(rules, 'c', 10, 229, 'r'));
  EXPECT_FALSE(allows(rules, 'c', 1, 1, 'w'));
  EXPECT_TRUE(allows(rules, 'b', 8, 0, 'm'));
  for (const uint32_t minor : {3U, 5U, 7U, 8U, 9U}) {
    EXPECT_TRUE(allows(rules, 'c', 1, minor, 'r')) << minor;
  }
  EXPECT_TRUE(allows(rules, 'c', 5, 0, 'w'));
  EXPECT_TRUE(allows(rules, 'c', 5, 2, 'w'));
  EXPECT_TRUE(allows(rules, 'c', 136, 77, 'w'));
  EXPECT_TRUE(allows(rules, 'c', 10, 200, 'w'));
  EXPECT_FALSE(allows(rules, 'c', 5, 1, 'r'));
}

TEST(ResolveDeviceRules, KeepsTheOrderOfTheConfig) {
  const auto rules = rules_of({rule(false, "a", {}, {}, "rwm"),
                               rule(true, "b", 8, {}, "rw"),
                               rule(false, "b", 8, 1, "w"),
                               rule(true, "c", 10, 229, "r")});
  EXPECT_TRUE(allows(rules, 'b', 8, 0, 'w'));
  EXPECT_FALSE(allows(rules, 'b', 8, 1, 'w'));
  EXPECT_TRUE(allows(rules, 'b', 8, 1, 'r'));
  EXPECT_TRUE(allows(rules, 'c', 10, 229, 'r'));
  EXPECT_FALSE(allows(rules, 'c', 10, 229, 'w'));
}

TEST(ResolveDeviceRules, PrivilegedAllowsAll) {
  const auto rules = rules_of({rule(true, "", -1, -1, "rwm")});
  EXPECT_TRUE(allows(rules, 'b', 8, 0, 'w'));
  EXPECT_TRUE(allows(rules, 'c', 240, 1, 'm'));
}

TEST(ResolveDeviceRules, ALaterDenyAllForgetsWhatWasAllowed) {
  const auto rules = rules_of({rule(true, "a", {}, {}, "rwm"), rule(false, "a", {}, {}, "rwm")});
  EXPECT_FALSE(allows(rules, 'b', 8, 0, 'r'));
}

TEST(ResolveDeviceRules, DeviceOfTheConfigDoesNotBringItsOwnRule) {
  oci::Linux config;
  config.devices = {device("/dev/null", "c", 240, 7)};
  const auto rules = resolve_device_rules(config);
  ASSERT_TRUE(rules.has_value());
  EXPECT_FALSE(allows(*rules, 'c', 240, 7, 'r'));
  EXPECT_FALSE(allows(*rules, 'c', 1, 3, 'r'));
}

TEST(ResolveDeviceRules, RefusesBadRules) {
  const struct {
    oci::DeviceCgroup device;
    const char* message;
  } cases[] = {
      {rule(true, "c", 1, 1, ""), "linux.resources.devices[0]: access cannot be empty"},
      {rule(true, "c", 1, 1, "rx"), "access \"rx\""},
      {rule(true, "p", 1, 1, "r"), "invalid cgroup device type \"p\""},
      {rule(true, "c", -2, 1, "r"), "major -2"},
  };
  for (const auto& c : cases) {
    oci::Linux config;
    config.resources = oci::Resources{};
    config.resources->devices = {c.device};
    EXPECT_THAT(error_of(resolve_device_rules(config)), HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace redoubt::policy
