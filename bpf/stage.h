// A container's policy for the BPF LSM programs, written to the task storage of its waiting
// redoubt-init. Nothing is judged until init's execve, which turns it on in the kernel: there is no
// unprotected instant and no denial of the runtime's own work.
#ifndef REDOUBT_BPF_STAGE_H_
#define REDOUBT_BPF_STAGE_H_

#include <string>

#include "base/result.h"
#include "bpf/abi.h"
#include "plan/hardening.h"

namespace redoubt::bpf {

// The value of the task storage for this container.
redoubt_task task_value(const plan::KernelIntents& intents, const std::string& container);

// Nothing to do when the intents name no surface and no report is wanted. The task must not have run code of the container.
// An error when the programs are not all there once the mark is made.
Status stage(int pidfd, const plan::KernelIntents& intents, const std::string& container);

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_STAGE_H_
