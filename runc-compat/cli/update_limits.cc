#include "runc-compat/cli/update_limits.h"

#include <vector>

#include "escalate-vm/host/inner_config.h"
#include "escalate-vm/host/outer_plan.h"
#include "oci/spec_json.h"
#include "policy/escalate.h"
#include "policy/resolve.h"
#include "runc-compat/cli/machine.h"
#include "runc-compat/launch/container.h"
#include "runc-compat/launch/pod.h"
#include "sandbox/cgroup.h"

namespace redoubt::cli {
namespace {

Status write_limits(const Container& container,
                    const oci::Resources& resources,
                    const std::vector<plan::CgroupWrite>& writes) {
  TRY_ASSIGN(const std::string cgroup, cgroup_of(container.record));
  if (cgroup.empty()) {
    return Error::unsupported("the container has no cgroup whose limits could be changed");
  }
  const bool check_memory = !launch::is_in_machine(container.record) && resources.memory &&
                            resources.memory->check_before_update.value_or(false);
  return sandbox::update_cgroup({.directory = cgroup,
                                 .unit = container.record.cgroup_unit,
                                 .rootless = container.record.rootless,
                                 .check_memory = check_memory},
                                writes);
}

// What the host's cgroup of a machine is told of the container's limits.
Status write_outer_limits(const Container& container, const plan::Machine& machine, const json::Value& document) {
  TRY_ASSIGN(const oci::Resources resources, oci::parse_resources(document));
  TRY_ASSIGN(std::vector<plan::CgroupWrite> writes, policy::resolve_resources(resources));
  vm::widen_limits(machine, writes);
  return write_limits(container, resources, writes);
}

// The host first: it refuses more.
Status update_machine(const Container& container,
                      const oci::Resources& asked,
                      const json::Value& former,
                      const json::Value& merged) {
  TRY_ASSIGN(const launch::Container stored, launch::resolve_stored(container.dir, container.record));
  const plan::Machine& machine = *stored.plan.machine;
  TRY(policy::check_fits_machine(asked, machine));
  TRY(write_outer_limits(container, machine, merged));
  Result<vm::Reply> reply = ask_machine(container, vm::Op::kUpdate, vm::inner_limits(merged));
  if (!reply) {
    ignore(write_outer_limits(container, machine, former), "the refusal is what is told");
    return std::move(reply).error();
  }
  return {};
}

}  // namespace

Status update_limits(const Container& container,
                     const oci::Resources& asked,
                     const json::Value& former,
                     const json::Value& merged) {
  if (launch::is_in_machine(container.record)) {
    return update_machine(container, asked, former, merged);
  }
  TRY_ASSIGN(const oci::Resources resources, oci::parse_resources(merged));
  TRY_ASSIGN(const std::vector<plan::CgroupWrite> writes, policy::resolve_resources(resources));
  return write_limits(container, resources, writes);
}

}  // namespace redoubt::cli
