// Where things are in the root directory of a machine's processes, <state>/<id>/machine: what the
// runtime puts there (outer_plan.cc) and redoubt-vm uses (monitor/).
#ifndef REDOUBT_ESCALATE_VM_HOST_MACHINE_LAYOUT_H_
#define REDOUBT_ESCALATE_VM_HOST_MACHINE_LAYOUT_H_

#include <string>

#include "base/str.h"

namespace redoubt::vm {

inline constexpr char kMachineDirectory[] = "machine";    // below the container's state directory
inline constexpr char kMachineConfig[] = "machine.json";  // in it: MachineConfig (machine_config.h)
inline constexpr char kExecSocket[] = "exec.sock";        // in it: sessions of exec (exec_request.h)

inline constexpr char kReasonFile[] = "reason";           // in it: why the machine ended before its container

inline constexpr char kMonitorPath[] = "/programs/redoubt-vm";
inline constexpr char kMonitorName[] = "redoubt-vm";      // in /proc/PID/comm
inline constexpr char kVmmPath[] = "/programs/vmm";
inline constexpr char kVirtiofsdPath[] = "/programs/virtiofsd";
inline constexpr char kKernelPath[] = "/image/vmlinux";
inline constexpr char kInitrdPath[] = "/image/initrd";
inline constexpr char kSharePath[] = "/share";  // what the guest sees, below the same path

inline std::string shared_rootfs(const std::string& id) {
  return concat(kSharePath, "/", id, "/rootfs");
}
inline std::string shared_volume(const std::string& id, size_t number) {
  return concat(kSharePath, "/", id, "/volumes/", number);
}

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_HOST_MACHINE_LAYOUT_H_
