// Bundle: the folder from which the inner redoubt creates a container, made of the host's
// config.json and the share.
//
// What belongs to the host in the document is replaced: root.path, the cgroup's path, whether there
// is a terminal. The host exports a root that is read-only as such, and mount points must be made
// in it: then an overlay in the guest's memory lies on it. Used by Agent.
#ifndef REDOUBT_ESCALATE_VM_GUEST_AGENT_BUNDLE_H_
#define REDOUBT_ESCALATE_VM_GUEST_AGENT_BUNDLE_H_

#include <sys/types.h>

#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "escalate-vm/protocol/request.h"

namespace redoubt::agent {

std::string bundle_path(const std::string& container);

// Whether root.readonly is set.
bool has_read_only_root(const json::Value& config);

// Puts paths in the place of namespaces that are another container's (vm::kOfContainer). pid_of: its first
// process; 0: there is none.
Status join_containers(json::Value& config, const std::function<pid_t(const std::string&)>& pid_of);

// The document as the inner redoubt gets it.
json::Value adapt_config(const vm::Request& create);
// The process as the inner redoubt gets it, with the terminal that the request says.
json::Value adapt_process(json::Value process, const vm::Stdio& stdio);

// Writes the bundle and mounts the overlay. A failure leaves nothing behind.
Status make_bundle(const vm::Request& create);
void remove_bundle(const std::string& container);

// Writes the policy's files.
Status write_policy(const vm::Policy& policy);

// Writes a document for the inner redoubt to read.
Status write_document(const std::string& path, const json::Value& document);

}  // namespace redoubt::agent

#endif  // REDOUBT_ESCALATE_VM_GUEST_AGENT_BUNDLE_H_
