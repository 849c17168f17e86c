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
#include "runc-compat/launch/launch.h"
#include "runc-compat/state/container_dir.h"
#include "runc-compat/state/record.h"

namespace redoubt::launch {

struct Container {
  oci::Spec spec;
  std::string config_text;
  plan::HostFacts host;
  plan::Plan plan;
};

// Reads and checks the bundle (absolute path) and resolves it.
Result<Container> resolve_bundle(const CreateOptions& options, const std::string& bundle);

// The same from <root>/<id>/config.json.
Result<Container> resolve_stored(const state::ContainerDir& dir, const state::Record& record);

// The OCI state document of hooks and of the seccomp agent.
json::Value state_document(const plan::Plan& plan, std::string_view status, pid_t pid);

// Directory for compiled seccomp filters below the state root; its name is no container id.
std::string seccomp_cache_directory(const std::string& root);

// Opens the namespaces that the plan joins by path, each checked to be of its kind.
Result<std::vector<init::OpenNamespace>> open_namespaces(const plan::Plan& plan);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_CONTAINER_H_
