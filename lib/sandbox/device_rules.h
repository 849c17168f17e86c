// Reasoning about lists of plan::DeviceRule: which rules can change a decision. Used by
// device_filter.cc and systemd_devices.cc.
#ifndef REDOUBT_SANDBOX_DEVICE_RULES_H_
#define REDOUBT_SANDBOX_DEVICE_RULES_H_

#include <linux/bpf.h>

#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace redoubt::sandbox {

inline constexpr uint32_t kAllAccess =
    BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;

// BPF_DEVCG_ACC_* of the rule.
uint32_t access_bits(const plan::DeviceRule& rule);
void set_access_bits(plan::DeviceRule& rule, uint32_t bits);

// Every device that `inner` matches is matched by `outer`.
bool covers(const plan::DeviceRule& outer, const plan::DeviceRule& inner);

// Some device is matched by both.
bool overlaps(const plan::DeviceRule& a, const plan::DeviceRule& b);

// An equivalent list without the rules that decide nothing: overruled by later ones, saying what
// earlier ones say already, or denying what nobody allowed. Rules for the same devices are merged.
// See device_filter.h for the meaning of a list.
std::vector<plan::DeviceRule> minimise_device_rules(const std::vector<plan::DeviceRule>& rules);

// True when everything is allowed ("privileged").
bool allows_all_devices(const std::vector<plan::DeviceRule>& rules);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_DEVICE_RULES_H_
