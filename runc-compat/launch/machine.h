// A container in a machine, seen from launch: the Plan of its processes on the host, and what
// redoubt-vm is told.
#ifndef REDOUBT_LAUNCH_MACHINE_H_
#define REDOUBT_LAUNCH_MACHINE_H_

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/spec.h"
#include "plan/plan.h"
#include "runc-compat/launch/container.h"
#include "runc-compat/launch/descriptors.h"
#include "runc-compat/state/container_dir.h"
#include "sandbox/terminal.h"

namespace redoubt::launch {

// A guest has a pty of its own, which adds what a terminal wants.
inline sandbox::Newlines newlines_of(const plan::Plan& plan) {
  return plan.machine ? sandbox::Newlines::kBefore : sandbox::Newlines::kHere;
}

// What cannot cross into a guest: descriptors and the socket of sd_notify(3).
Status check_machine_session(const PassedDescriptors& passed);

// The Plan of the container's processes on the host; makes the directory that is their root.
Result<plan::Plan> make_machine_plan(const plan::Plan& plan, const state::ContainerDir& dir);

// The task of redoubt-vm (escalate-vm/host/task.h) in a sealed memfd, when the image is the one that it
// should be. `root`: the runtime's, where it keeps what it knows of images.
Result<UniqueFd> make_machine_task(const Container& container, const std::string& root);

// The same for one process of exec.
Result<UniqueFd> make_machine_task(const std::string& id, const oci::Process& process);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_MACHINE_H_
