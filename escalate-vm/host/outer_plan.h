// The outer half of a container in a machine: an ordinary Plan whose process is redoubt-vm, in the
// container's cgroup and network namespace, with a root that holds nothing but the programs of the
// machine, its image and the files that the guest may see. Pure.
#ifndef REDOUBT_ESCALATE_VM_HOST_OUTER_PLAN_H_
#define REDOUBT_ESCALATE_VM_HOST_OUTER_PLAN_H_

#include <string>
#include <vector>

#include "plan/plan.h"

namespace redoubt::vm {

// The binds of config.json, in order: number N is shared_volume(id, N).
std::vector<const plan::Mount*> volumes_of(const plan::Plan& plan);

// Precondition: plan.machine. `machine_directory`: absolute, exists.
plan::Plan outer_plan(const plan::Plan& plan, const std::string& machine_directory);

// The same for a container that goes into the machine of its pod's sandbox: its process is a proxy, and
// its files are made below kSharePath for the sandbox's machine to be given. exec_socket: the sandbox's.
plan::Plan member_plan(const plan::Plan& plan, const std::string& machine_directory, const std::string& exec_socket);

// Makes the container's limits those of its machine on the host: the guest enforces memory and processes
// to the byte, the host's cgroup holds the machine with all that belongs to it.
void widen_limits(const plan::Machine& machine, std::vector<plan::CgroupWrite>& writes);

// One more process of the container: a proxy of redoubt-vm. `outer`: of outer_plan(); `process`: what
// exec is to run in the guest.
plan::Plan outer_exec_plan(const plan::Plan& outer, const plan::Process& process);

// The user that VMM runs as: a number of its own for each container, far above those of accounts
// and of usual id ranges.
uid_t vmm_user(const std::string& id);

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_HOST_OUTER_PLAN_H_
