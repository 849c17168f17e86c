// The generated programs are run in a small interpreter and compared with a reference that says the
// meaning of a rule list in the plainest way.
#include "sandbox/device_filter.h"

#include <linux/bpf.h>

#include <optional>
#include <random>

#include <gtest/gtest.h>

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

// The few instructions that the generator uses, with the kernel's meaning
// (Documentation/bpf/standardization/instruction-set.rst). Nothing: the program does what the
// verifier would refuse.
std::optional<uint32_t> interpret(const std::vector<bpf_insn>& code, const Access& access) {
  const bpf_cgroup_dev_ctx context = {
      (access.bits << 16) | (access.type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK),
      access.major,
      access.minor};
  std::array<std::optional<uint32_t>, 6> reg;  // r1 is the context and never a number here
  for (size_t pc = 0; pc < code.size(); ++pc) {
    const bpf_insn& insn = code[pc];
    const auto operand = static_cast<uint32_t>(insn.imm);
    std::optional<uint32_t>& dst = reg.at(insn.dst_reg);
    bool taken = false;
    switch (insn.code) {
      case BPF_LDX | BPF_MEM | BPF_W:
        if (insn.src_reg != BPF_REG_1 || insn.off < 0 || insn.off % 4 != 0 || insn.off > 8) {
          return std::nullopt;
        }
        ::memcpy(&dst.emplace(), reinterpret_cast<const char*>(&context) + insn.off, 4);
        continue;
      case BPF_ALU | BPF_MOV | BPF_K:
        dst = operand;
        continue;
      case BPF_ALU | BPF_MOV | BPF_X:
        dst = reg.at(insn.src_reg).value();
        continue;
      case BPF_ALU | BPF_AND | BPF_K:
        dst = dst.value() & operand;
        continue;
      case BPF_ALU | BPF_RSH | BPF_K:
        dst = dst.value() >> operand;
        continue;
      case BPF_JMP | BPF_EXIT:
        return reg[0];
      case BPF_JMP | BPF_JA:
        taken = true;
        break;
      case BPF_JMP32 | BPF_JNE | BPF_K:
        taken = dst.value() != operand;
        break;
      case BPF_JMP32 | BPF_JEQ | BPF_K:
        taken = dst.value() == operand;
        break;
      case BPF_JMP32 | BPF_JSET | BPF_K:
        taken = (dst.value() & operand) != 0;
        break;
      default:
        return std::nullopt;
    }
    if (taken) {
      pc += static_cast<size_t>(insn.off);
    }
  }
  return std::nullopt;  // ran off the end
}

// The verifier refuses unreachable instructions and jumps out of the program.
bool is_well_formed(const std::vector<bpf_insn>& code) {
  std::vector<bool> reached(code.size());
  std::vector<size_t> open = {0};
  while (!open.empty()) {
    const size_t pc = open.back();
    open.pop_back();
    if (pc >= code.size()) {
      return false;
    }
    if (reached[pc]) {
      continue;
    }
    reached[pc] = true;
    const uint8_t kind = code[pc].code & 7;
    const bool jumps =
        (kind == BPF_JMP || kind == BPF_JMP32) && code[pc].code != (BPF_JMP | BPF_EXIT);
    if (jumps) {
      open.push_back(pc + 1 + static_cast<size_t>(code[pc].off));
    }
    if (code[pc].code != (BPF_JMP | BPF_EXIT) && code[pc].code != (BPF_JMP | BPF_JA)) {
      open.push_back(pc + 1);
    }
  }
  return std::find(reached.begin(), reached.end(), false) == reached.end();
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
  const std::optional<uint32_t> result = interpret(*code, access);
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
      const std::optional<uint32_t> result = interpret(code, access);
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
