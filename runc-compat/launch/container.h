// From documents to a Plan: the bundle of a new container, or the copy of its config.json that
// every later verb reads.
#ifndef REDOUBT_LAUNCH_CONTAINER_H_
#define REDOUBT_LAUNCH_CONTAINER_H_

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "init/prepare.h"
#include "oci/spec.h"
#include "plan/host_facts.h"
#include "plan/plan.h"
#include "policy/effective.h"
#include "runc-compat/launch/launch.h"
#include "runc-compat/launch/namespaces_ahead.h"
#include "runc-compat/state/container_dir.h"
#include "runc-compat/state/record.h"

namespace redoubt::launch {

struct Container {
  oci::Spec spec;
  std::string config_text;
  plan::HostFacts host;
  plan::Plan plan;
  policy::Effective policy;
  std::string policy_copy;  // of the policy's files, to be kept; empty: there were none
};

// Whether the BPF LSM programs are loaded when they are not there yet.
enum class BpfSet { kEnsure, kQuery };

// sandbox::probe_host(), and what the BPF LSM layer has.
plan::HostFacts probe_launch_host(BpfSet set);

// Why what Landlock refuses cannot be in the log of violations on this host; empty: it can. Costs something to find out.
std::string file_report_lack(const plan::HostFacts& host, BpfSet set);

// Reads and checks the bundle (absolute path) and resolves it. `ahead`, if any, is started as soon as
// config.json says that it may be of use.
Result<Container> resolve_bundle(const CreateOptions& options,
                                 const std::string& bundle,
                                 BpfSet set,
                                 NamespacesAhead* ahead);

// The same from <root>/<id>/config.json and policy.json.
Result<Container> resolve_stored(const state::ContainerDir& dir, const state::Record& record);

// The OCI state document of hooks and of the seccomp agent.
json::Value state_document(const plan::Plan& plan, std::string_view status, pid_t pid);

// Directory for compiled seccomp filters below the state root; its name is no container id.
std::string seccomp_cache_directory(const std::string& root);

// Opens the namespaces that the plan joins by path, each checked to be of its kind and none that would let the container change the host.
Result<std::vector<init::OpenNamespace>> open_namespaces(const plan::Plan& plan, const plan::HostFacts& host);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_CONTAINER_H_
