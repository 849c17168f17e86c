// Shape of a program: the rules from last to first, each "if the device matches: decide". Of the
// requested access bits, an allow rule takes its own out of the register and is done when none is
// left; a deny rule ends it when one of its own is still there. The context is struct
// bpf_cgroup_dev_ctx: access_type holds the type in the lower and the access in the upper 16 bits.
#include "sandbox/device_filter.h"

#include <stddef.h>

#include <algorithm>
#include <utility>

#include "base/str.h"
#include "sandbox/bpf_assembler.h"
#include "sandbox/device_rules.h"

namespace redoubt::sandbox {
namespace {

constexpr uint8_t kType = BPF_REG_2;
constexpr uint8_t kAccess = BPF_REG_3;
constexpr uint8_t kMajor = BPF_REG_4;
constexpr uint8_t kMinor = BPF_REG_5;

bool matches_everything(const plan::DeviceRule& rule) {
  return rule.type == 'a' && !rule.major && !rule.minor;
}

void load_context(const std::vector<plan::DeviceRule>& rules, BpfAssembler& out) {
  const auto any = [&](auto predicate) {
    return std::any_of(rules.begin(), rules.end(), predicate);
  };
  const bool type = any([](const plan::DeviceRule& r) { return r.type != 'a'; });
  const bool access = any([](const plan::DeviceRule& r) { return access_bits(r) != kAllAccess; });
  if (type || access) {
    out.load(kAccess, offsetof(bpf_cgroup_dev_ctx, access_type));
  }
  if (type) {
    out.copy(kType, kAccess);
    out.compute(BPF_AND, kType, 0xffff);
  }
  if (access) {
    out.compute(BPF_RSH, kAccess, 16);
  }
  if (any([](const plan::DeviceRule& r) { return r.major.has_value(); })) {
    out.load(kMajor, offsetof(bpf_cgroup_dev_ctx, major));
  }
  if (any([](const plan::DeviceRule& r) { return r.minor.has_value(); })) {
    out.load(kMinor, offsetof(bpf_cgroup_dev_ctx, minor));
  }
}

struct Verdicts {
  BpfAssembler::Label allow, deny;
};

// The type is checked already.
void emit_rule(const plan::DeviceRule& rule, const Verdicts& verdicts, BpfAssembler& out) {
  const BpfAssembler::Label next = out.new_label();
  if (rule.major) {
    out.jump_if(BPF_JNE, kMajor, *rule.major, next);
  }
  if (rule.minor) {
    out.jump_if(BPF_JNE, kMinor, *rule.minor, next);
  }
  const uint32_t bits = access_bits(rule);
  if (bits == kAllAccess) {
    out.jump(rule.allow ? verdicts.allow : verdicts.deny);
  } else if (rule.allow) {
    out.compute(BPF_AND, kAccess, ~bits);
    out.jump_if(BPF_JEQ, kAccess, 0, verdicts.allow);
  } else {
    out.jump_if(BPF_JSET, kAccess, bits, verdicts.deny);
  }
  out.place(next);
}

// Rules of one type that follow each other share the check of the type.
void emit_group(const std::vector<plan::DeviceRule>& group,
                const Verdicts& verdicts,
                BpfAssembler& out) {
  const BpfAssembler::Label end = out.new_label();
  if (group.front().type != 'a') {
    out.jump_if(
        BPF_JNE, kType, group.front().type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK, end);
  }
  for (const plan::DeviceRule& rule : group) {
    emit_rule(rule, verdicts, out);
    if (!rule.major && !rule.minor && access_bits(rule) == kAllAccess) {
      break;  // decides everything of this type; code after the jump would be unreachable, which
              // the verifier refuses
    }
  }
  out.place(end);
}

// Last rule first. Rules for character and block devices do not affect each other and are brought
// together; a rule for both types stays where it is.
std::vector<std::vector<plan::DeviceRule>> group_by_type(
    const std::vector<plan::DeviceRule>& rules) {
  std::vector<std::vector<plan::DeviceRule>> groups;
  std::vector<plan::DeviceRule> character, block;
  const auto flush = [&] {
    for (std::vector<plan::DeviceRule>* pending : {&character, &block}) {
      if (!pending->empty()) {
        groups.push_back(std::exchange(*pending, {}));
      }
    }
  };
  for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
    if (rule->type == 'a') {
      flush();
      groups.push_back({*rule});
    } else {
      (rule->type == 'c' ? character : block).push_back(*rule);
    }
  }
  flush();
  return groups;
}

}  // namespace

Status check_device_rules(const std::vector<plan::DeviceRule>& rules) {
  return rules.size() <= kMaxDeviceRules
             ? Status()
             : Error::invalid(concat("linux.resources.devices: ",
                                     rules.size(),
                                     " rules are more than the limit of ",
                                     kMaxDeviceRules));
}

Result<std::vector<bpf_insn>> build_device_filter(const std::vector<plan::DeviceRule>& rules) {
  TRY(check_device_rules(rules));
  const std::vector<plan::DeviceRule> minimal = minimise_device_rules(rules);
  BpfAssembler out;
  const Verdicts verdicts = {out.new_label(), out.new_label()};
  // The oldest rule is the last to be reached; one that allows all ends the program by itself.
  const bool allow_rest = !minimal.empty() && minimal.front().allow &&
                          matches_everything(minimal.front()) &&
                          access_bits(minimal.front()) == kAllAccess;
  const std::vector<plan::DeviceRule> coded(minimal.begin() + (allow_rest ? 1 : 0), minimal.end());
  load_context(coded, out);
  for (const std::vector<plan::DeviceRule>& group : group_by_type(coded)) {
    emit_group(group, verdicts, out);
  }
  const BpfAssembler::Label first = allow_rest ? verdicts.allow : verdicts.deny;
  const BpfAssembler::Label second = allow_rest ? verdicts.deny : verdicts.allow;
  out.place(first);
  out.finish(allow_rest ? 1 : 0);
  if (out.is_used(second)) {
    out.place(second);
    out.finish(allow_rest ? 0 : 1);
  }
  return out.take();
}

}  // namespace redoubt::sandbox
