// The device filter of a cgroup: plan::DeviceRule list -> BPF_PROG_TYPE_CGROUP_DEVICE program ->
// attached to the cgroup.
//
// Meaning of a list: every access bit that a process asks for (read, write, mknod) is decided by
// the last rule that matches the device and names the bit; no such rule: denied. The access is
// allowed iff all its bits are. The program is made by our own generator, loaded with bpf(2) itself
// (no libbpf) and checked to be attached. Called by cgroup.cc.
#ifndef REDOUBT_SANDBOX_DEVICE_FILTER_H_
#define REDOUBT_SANDBOX_DEVICE_FILTER_H_

#include <linux/bpf.h>

#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "plan/plan.h"
#include "sandbox/device_rules.h"

namespace redoubt::sandbox {

// So that every jump fits into 16 bits and minimising, which compares all pairs, stays quick.
inline constexpr size_t kMaxDeviceRules = 2000;

// More rules than that: an error. To be asked before anything else is done with a list.
Status check_device_rules(const std::vector<plan::DeviceRule>& rules);

// The program for the rules.
Result<std::vector<bpf_insn>> build_device_filter(const std::vector<plan::DeviceRule>& rules);

enum class DeviceFilterTarget {
  kNewCgroup,  // just made, so nothing is attached
  kInUse,      // programs that are attached are replaced, as runc does
};

// Loads and attaches. Needs CAP_BPF and CAP_NET_ADMIN (or CAP_SYS_ADMIN) in the initial user
// namespace: err() EPERM otherwise.
Status attach_device_filter(int cgroup_fd,
                            const std::vector<plan::DeviceRule>& rules,
                            DeviceFilterTarget target);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_DEVICE_FILTER_H_
