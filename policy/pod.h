// The pod that engines put a container into, by the annotations that CRI implementations set on the
// containers that they make: containerd's CRI plugin and CRI-O. Pure.
#ifndef REDOUBT_POLICY_POD_H_
#define REDOUBT_POLICY_POD_H_

#include <cstdint>
#include <map>
#include <string>

namespace redoubt::policy {

using Annotations = std::map<std::string, std::string>;

// The id of the sandbox of a pod that the container joins; "" for others, the sandbox itself included.
std::string pod_sandbox_of(const Annotations& annotations);

// The memory that containerd says all containers of the pod have; 0: nothing said. Heard only on what containerd calls a
// sandbox and CRI-O says nothing of: elsewhere it is a word of the container's author.
uint64_t pod_memory_of(const Annotations& annotations);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_POD_H_
