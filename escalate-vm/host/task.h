// What redoubt-vm is told by the runtime that starts it: one JSON document in a sealed memfd.
#ifndef REDOUBT_ESCALATE_VM_HOST_TASK_H_
#define REDOUBT_ESCALATE_VM_HOST_TASK_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "escalate-vm/host/image.h"

namespace redoubt::vm {

// As a container's first process on the host ("redoubt-vm machine"): start a machine and this in it. Or have
// the machine of the pod run it ("redoubt-vm container").
struct MachineTask {
  std::string id;
  bool emulated = false;
  uint64_t memory = 0;  // bytes
  uint32_t vcpus = 1;
  uint64_t watchdog_ms = 0;  // what the guest may take to come up, and to answer
  uid_t vmm_user = 0;
  ImageIdentity image;
  bool terminal = false;
  json::Value config;  // inner_config()
  json::Value policy;  // documents of the node's policy and profiles; null: none
};

// As a process of exec ("redoubt-vm exec"): have the machine run this.
struct ExecTask {
  std::string id;  // of the container
  bool terminal = false;
  json::Value process;  // inner_process()
};

json::Value to_json(const MachineTask& task);
json::Value to_json(const ExecTask& task);

// From the descriptor; the runtime wrote it, so a fault is an internal error.
Result<MachineTask> read_machine_task(int fd);
Result<ExecTask> read_exec_task(int fd);

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_HOST_TASK_H_
