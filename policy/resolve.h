// policy::resolve: what the user wrote (oci::Spec) becomes what will be done (plan::Plan).
//
// Pure: no system call, no clock, no environment; the same inputs give the same Plan, so every verb
// can resolve the stored config.json again. It runs a list of passes in order (resolve.cc), the
// first error stops. Errors are of kind kInvalidSpec or kUnsupported and name the field. The
// document was checked by oci::validate before; what only makes sense together with the host or
// with the option tables is checked here.
//
// Called by runc-compat/launch (create, run, exec, update) and the explaining verbs.
#ifndef REDOUBT_POLICY_RESOLVE_H_
#define REDOUBT_POLICY_RESOLVE_H_

#include <string>
#include <vector>

#include "base/result.h"
#include "oci/spec.h"
#include "plan/host_facts.h"
#include "plan/plan.h"

namespace redoubt::policy {

struct Effective;

struct Request {
  const oci::Spec& spec;
  const plan::HostFacts& host;
  std::string id;
  std::string bundle;  // absolute
  bool systemd_cgroup = false;
  bool rootless = false;  // no privilege over the host: see plan::Plan::rootless
  bool no_pivot = false;
  bool no_new_keyring = false;
  // What is in force (effective.h). nullptr: config.json alone decides.
  const Effective* policy = nullptr;
};

// The whole container.
Result<plan::Plan> resolve(const Request& request);

// One process: the container's own, or that of exec. For exec into a container with a user
// namespace of its own pass facts_in_user_namespace(host). What is ignored is appended to
// `warnings`.
//
// linux.personality and linux.memoryPolicy are the container's: exec copies them from the
// container's Plan.
Result<plan::Process> resolve_process(const oci::Process& process,
                                      const plan::HostFacts& host,
                                      std::vector<std::string>& warnings);

// What policy takes from one more process of the container, after resolve_process. `container` is
// the container's Plan as resolved under the same policy.
Status harden_exec(const Request& request, const plan::Plan& container, plan::Process& process);

// The writes to the container's cgroup in the order of application, for create and update. Devices
// are not among them.
Result<std::vector<plan::CgroupWrite>> resolve_resources(const oci::Resources& resources);

// What of `resources` cgroup v2 has no counterpart for and is therefore ignored; one sentence each.
std::vector<std::string> ignored_resources(const oci::Resources& resources);

// The complete, ordered device rules: deny everything, linux.resources.devices, then what every
// container gets; the last rule that matches decides.
Result<std::vector<plan::DeviceRule>> resolve_device_rules(const oci::Linux& linux_section);

// The hooks of one kind. `process_env` is what startContainer hooks without an environment get; the
// other kinds do not look at it. For poststop of a container whose other parts no longer resolve.
Result<std::vector<plan::Hook>> resolve_hooks(const oci::Hooks& hooks,
                                              plan::HookKind kind,
                                              const std::vector<std::string>& process_env = {});

// A process that enters a user namespace of its own has every capability there, whatever this
// process' bounding set says.
plan::HostFacts facts_in_user_namespace(plan::HostFacts host);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_RESOLVE_H_
