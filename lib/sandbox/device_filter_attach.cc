// The device filter's place in the cgroup.
#include "sandbox/cgroup_program.h"
#include "sandbox/device_filter.h"

namespace redoubt::sandbox {
namespace {

constexpr CgroupHook kDeviceHook = {
    "device filter", "redoubt_device", BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE};

}  // namespace

Status attach_device_filter(int cgroup_fd,
                            const std::vector<plan::DeviceRule>& rules,
                            DeviceFilterTarget target) {
  TRY_ASSIGN(const std::vector<bpf_insn> code, build_device_filter(rules));
  TRY_ASSIGN(const UniqueFd program, open_cgroup_program(kDeviceHook, code));
  std::vector<UniqueFd> old;
  if (target == DeviceFilterTarget::kInUse) {
    TRY_ASSIGN(old, attached_programs(cgroup_fd, kDeviceHook));
  }
  return attach_cgroup_program(cgroup_fd, kDeviceHook, program.get(), old);
}

}  // namespace redoubt::sandbox
