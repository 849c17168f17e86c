// The generated programs are run in a small interpreter and compared with a reference that says the
// meaning of a rule list in the plainest way.
#include "sandbox/device_filter.h"

#include <linux/bpf.h>

#include <optional>
#include <random>

#include <gtest/gtest.h>

#include "bpf_interpreter.h"

namespace redoubt::sandbox {
namespace {

constexpr uint32_t kRead = BPF_DEVCG_ACC_READ, kWrite = BPF_DEVCG_ACC_WRITE,
                   kMknod = BPF_DEVCG_ACC_MKNOD;

struct Access {
  char type;  // c b
  uint32_t major, minor, bits;
};

plan::DeviceRule make_rule(bool allow,
                           char type,
                           std::optional<uint32_t> major,
                           std::optional<uint32_t> minor,
                           uint32_t bits) {
  plan::DeviceRule rule;
  rule.allow = allow;
  rule.type = type;
  rule.major = major;
  rule.minor = minor;
  set_access_bits(rule, bits);
  return rule;
}

// Every requested bit is decided by the last rule that matches the device and names the bit; none:
// denied.
bool reference_allows(const std::vector<plan::DeviceRule>& rules, const Access& access) {
  for (const uint32_t bit : {kMknod, kRead, kWrite}) {
    bool allowed = false;
    for (const plan::DeviceRule& rule : rules) {
      const bool matches = (rule.type == 'a' || rule.type == access.type) &&
                           (!rule.major || *rule.major == access.major) &&
                           (!rule.minor || *rule.minor == access.minor);
      if (matches && (access_bits(rule) & bit) != 0) {
        allowed = rule.allow;
      }
    }
    if ((access.bits & bit) != 0 && !allowed) {
      return false;
    }
  }
  return true;
}

std::optional<uint32_t> interpret_access(const std::vector<bpf_insn>& code, const Access& access) {
  const bpf_cgroup_dev_ctx context = {
      (access.bits << 16) | (access.type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK),
      access.major,
      access.minor};
  return interpret(code, context);
}

std::vector<plan::DeviceRule> container_rules() {
  std::vector<plan::DeviceRule> rules = {make_rule(false, 'a', {}, {}, kAllAccess),
                                         make_rule(true, 'c', {}, {}, kMknod),
                                         make_rule(true, 'b', {}, {}, kMknod)};
  for (const uint32_t minor : {3U, 8U, 7U, 5U, 9U}) {
    rules.push_back(make_rule(true, 'c', 1, minor, kAllAccess));
  }
  rules.push_back(make_rule(true, 'c', 136, {}, kAllAccess));
  rules.push_back(make_rule(true, 'c', 5, 2, kAllAccess));
  return rules;
}

bool allows(const std::vector<plan::DeviceRule>& rules, const Access& access) {
  auto code = build_device_filter(rules);
  EXPECT_TRUE(code) << code.error().message();
  EXPECT_TRUE(is_well_formed(*code));
  const std::optional<uint32_t> result = interpret_access(*code, access);
  EXPECT_TRUE(result.has_value());
  return result.value_or(0) == 1;
}

TEST(DeviceFilter, EmptyListDeniesEverything) {
  EXPECT_FALSE(allows({}, {'c', 1, 3, kRead}));
  EXPECT_EQ(build_device_filter({})->size(), 2U);
}

TEST(DeviceFilter, DefaultListOpensItsDevicesAndMakesAnyNode) {
  EXPECT_TRUE(allows(container_rules(), {'c', 1, 3, kRead | kWrite}));
  EXPECT_TRUE(allows(container_rules(), {'c', 136, 77, kRead | kWrite}));
  EXPECT_TRUE(allows(container_rules(), {'b', 8, 0, kMknod}));
  EXPECT_FALSE(allows(container_rules(), {'b', 8, 0, kRead}));
  EXPECT_FALSE(allows(container_rules(), {'c', 1, 1, kRead}));
  EXPECT_FALSE(allows(container_rules(), {'b', 1, 3, kRead}));
  EXPECT_FALSE(allows(container_rules(), {'c', 8, 0, kRead | kMknod}));
}

TEST(DeviceFilter, LaterRulesWinBitByBit) {
  const std::vector<plan::DeviceRule> rules = {make_rule(true, 'a', {}, {}, kAllAccess),
                                               make_rule(false, 'c', 1, 11, kWrite),
                                               make_rule(true, 'c', 1, 11, kMknod)};
  EXPECT_TRUE(allows(rules, {'c', 1, 11, kRead}));
  EXPECT_FALSE(allows(rules, {'c', 1, 11, kRead | kWrite}));
  EXPECT_TRUE(allows(rules, {'c', 1, 11, kMknod}));
  EXPECT_TRUE(allows(rules, {'b', 1, 11, kWrite}));
}

TEST(DeviceFilter, BitsOfSeveralRulesAddUp) {
  const std::vector<plan::DeviceRule> rules = {make_rule(true, 'c', {}, {}, kRead),
                                               make_rule(true, 'c', 1, 3, kWrite)};
  EXPECT_TRUE(allows(rules, {'c', 1, 3, kRead | kWrite}));
  EXPECT_FALSE(allows(rules, {'c', 1, 4, kRead | kWrite}));
}

TEST(DeviceFilter, LargeNumbersAreNotSignExtended) {
  EXPECT_TRUE(allows({make_rule(true, 'c', 0xffffffff, 0x80000000, kAllAccess)},
                     {'c', 0xffffffff, 0x80000000, kRead}));
  EXPECT_FALSE(allows({make_rule(true, 'c', 0xffffffff, 0x80000000, kAllAccess)},
                      {'c', 0xffffffff, 0, kRead}));
}

TEST(DeviceFilter, AllowAllIsTwoInstructions) {
  const std::vector<plan::DeviceRule> rules = {make_rule(false, 'a', {}, {}, kAllAccess),
                                               make_rule(true, 'a', {}, {}, kAllAccess),
                                               make_rule(true, 'c', 1, 3, kAllAccess)};
  EXPECT_TRUE(allows_all_devices(rules));
  EXPECT_EQ(build_device_filter(rules)->size(), 2U);
  EXPECT_FALSE(allows_all_devices(container_rules()));
  EXPECT_FALSE(allows_all_devices({make_rule(true, 'a', {}, {}, kRead | kWrite)}));
}

TEST(DeviceFilter, TheLargestListStillJumpsCorrectly) {
  // Alternating types and verdicts: nothing can be minimised away or share a check.
  std::vector<plan::DeviceRule> rules = {make_rule(true, 'a', {}, {}, kWrite),
                                         make_rule(true, 'c', 7, 7, kRead)};
  while (rules.size() < kMaxDeviceRules) {
    const auto n = static_cast<uint32_t>(rules.size());
    rules.push_back(make_rule(n % 2 == 0, n % 3 == 0 ? 'a' : 'b', n, n, kWrite));
  }
  EXPECT_GT(build_device_filter(rules)->size(), kMaxDeviceRules);
  EXPECT_TRUE(allows(rules, {'c', 7, 7, kRead | kWrite}));
  EXPECT_FALSE(allows(rules, {'c', 7, 8, kRead}));
  EXPECT_FALSE(allows(rules, {'b', 1995, 1995, kWrite}));
  rules.push_back(rules.back());
  EXPECT_FALSE(build_device_filter(rules));
}

class RandomRules {
 public:
  explicit RandomRules(unsigned seed) : random_(seed) {}

  std::vector<plan::DeviceRule> list() {
    std::vector<plan::DeviceRule> rules(below(10));
    for (plan::DeviceRule& rule : rules) {
      rule = make_rule(below(2) == 0,
                       "acb"[below(3)],
                       number(),
                       number(),
                       below(4) == 0 ? kAllAccess : below(8));
    }
    return rules;
  }

 private:
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
  std::optional<uint32_t> number() {
    return below(2) == 0 ? std::nullopt : std::optional(below(3));
  }

  std::mt19937 random_;
};

// All accesses to a small world of devices, among them one that no rule names.
void expect_same_meaning(const std::vector<plan::DeviceRule>& rules,
                         const std::vector<bpf_insn>& code) {
  for (const char type : {'c', 'b'}) {
    for (uint32_t n = 0; n < 4 * 4 * 7; ++n) {
      const Access access = {type, n % 4, n / 4 % 4, n / 16 + 1};
      const std::optional<uint32_t> result = interpret_access(code, access);
      ASSERT_TRUE(result.has_value());
      ASSERT_EQ(*result == 1, reference_allows(rules, access))
          << type << " " << access.major << ":" << access.minor << " bits " << access.bits << ", "
          << rules.size() << " rules";
    }
  }
}

TEST(DeviceFilter, MeansWhatTheListSaysForRandomLists) {
  for (unsigned seed = 0; seed < 1500; ++seed) {
    const std::vector<plan::DeviceRule> rules = RandomRules(seed).list();
    const auto code = build_device_filter(rules);
    ASSERT_TRUE(code);
    ASSERT_TRUE(is_well_formed(*code)) << "seed " << seed;
    ASSERT_NO_FATAL_FAILURE(expect_same_meaning(rules, *code)) << "seed " << seed;
  }
}

TEST(DeviceFilter, IsSmallForTheDefaultList) {
  EXPECT_LE(build_device_filter(container_rules())->size(), 36U);
}

}  // namespace
}  // namespace redoubt::sandbox
