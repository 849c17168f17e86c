#include "sandbox/device_rules.h"

#include <algorithm>

namespace redoubt::sandbox {
namespace {

bool same_devices(const plan::DeviceRule& a, const plan::DeviceRule& b) {
  return a.type == b.type && a.major == b.major && a.minor == b.minor;
}

// Takes out of each rule the bits that a later rule decides for all its devices.
std::vector<plan::DeviceRule> without_overruled(const std::vector<plan::DeviceRule>& rules) {
  std::vector<plan::DeviceRule> kept;  // latest first
  for (auto it = rules.rbegin(); it != rules.rend(); ++it) {
    uint32_t bits = access_bits(*it);
    for (const plan::DeviceRule& later : kept) {
      if (covers(later, *it)) {
        bits &= ~access_bits(later);
      }
    }
    if (bits != 0) {
      kept.push_back(*it);
      set_access_bits(kept.back(), bits);
    }
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

// Whether `rule` adds nothing to the rules before it. `kept` ends where the rule would be appended;
// a rule of the same verdict for the same devices is widened instead.
bool absorb(const plan::DeviceRule& rule, std::vector<plan::DeviceRule>& kept) {
  uint32_t open_bits = access_bits(rule);
  for (auto earlier = kept.rbegin(); earlier != kept.rend(); ++earlier) {
    if (earlier->allow != rule.allow) {
      if (overlaps(*earlier, rule) && (access_bits(*earlier) & access_bits(rule)) != 0) {
        return false;
      }
      continue;
    }
    if (same_devices(*earlier, rule)) {
      set_access_bits(*earlier, access_bits(*earlier) | access_bits(rule));
      return true;
    }
    if (covers(*earlier, rule)) {
      open_bits &= ~access_bits(*earlier);
    }
    if (open_bits == 0) {
      return true;
    }
  }
  return !rule.allow;  // nothing before allows what it denies, and denied is the default
}

}  // namespace

uint32_t access_bits(const plan::DeviceRule& rule) {
  return (rule.mknod ? unsigned{BPF_DEVCG_ACC_MKNOD} : 0U) |
         (rule.read ? unsigned{BPF_DEVCG_ACC_READ} : 0U) |
         (rule.write ? unsigned{BPF_DEVCG_ACC_WRITE} : 0U);
}

void set_access_bits(plan::DeviceRule& rule, uint32_t bits) {
  rule.mknod = (bits & BPF_DEVCG_ACC_MKNOD) != 0;
  rule.read = (bits & BPF_DEVCG_ACC_READ) != 0;
  rule.write = (bits & BPF_DEVCG_ACC_WRITE) != 0;
}

bool covers(const plan::DeviceRule& outer, const plan::DeviceRule& inner) {
  return (outer.type == 'a' || outer.type == inner.type) &&
         (!outer.major || outer.major == inner.major) &&
         (!outer.minor || outer.minor == inner.minor);
}

bool overlaps(const plan::DeviceRule& a, const plan::DeviceRule& b) {
  return (a.type == 'a' || b.type == 'a' || a.type == b.type) &&
         (!a.major || !b.major || a.major == b.major) &&
         (!a.minor || !b.minor || a.minor == b.minor);
}

std::vector<plan::DeviceRule> minimise_device_rules(const std::vector<plan::DeviceRule>& rules) {
  std::vector<plan::DeviceRule> kept;
  for (const plan::DeviceRule& rule : without_overruled(rules)) {
    if (!absorb(rule, kept)) {
      kept.push_back(rule);
    }
  }
  return kept;
}

bool allows_all_devices(const std::vector<plan::DeviceRule>& rules) {
  const std::vector<plan::DeviceRule> minimal = minimise_device_rules(rules);
  return minimal.size() == 1 && minimal[0].allow && minimal[0].type == 'a' && !minimal[0].major &&
         !minimal[0].minor && access_bits(minimal[0]) == kAllAccess;
}

}  // namespace redoubt::sandbox
