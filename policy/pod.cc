#include "policy/pod.h"

#include "base/str.h"

namespace redoubt::policy {
namespace {

struct Keys {
  const char* type;
  const char* sandbox;
};
constexpr Keys kCrio = {"io.kubernetes.cri-o.ContainerType", "io.kubernetes.cri-o.SandboxID"};
constexpr Keys kContainerd = {"io.kubernetes.cri.container-type", "io.kubernetes.cri.sandbox-id"};

std::string value_of(const Annotations& annotations, const char* key) {
  const auto found = annotations.find(key);
  return found == annotations.end() ? std::string() : found->second;
}

}  // namespace

std::string pod_sandbox_of(const Annotations& annotations) {
  // The first engine that says what the container is: the other one's keys are a pod author's words then.
  for (const Keys& keys : {kCrio, kContainerd}) {
    if (const std::string type = value_of(annotations, keys.type); !type.empty()) {
      return type == "container" ? value_of(annotations, keys.sandbox) : std::string();
    }
  }
  return {};
}

uint64_t pod_memory_of(const Annotations& annotations) {
  if (!value_of(annotations, kCrio.type).empty() || value_of(annotations, kContainerd.type) != "sandbox") {
    return 0;
  }
  return parse_number<uint64_t>(value_of(annotations, "io.kubernetes.cri.sandbox-memory")).value_or(0);
}

}  // namespace redoubt::policy
