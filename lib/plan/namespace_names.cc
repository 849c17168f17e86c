#include "plan/namespace_names.h"

#include <linux/sched.h>

#include <array>

namespace redoubt::plan {
namespace {

constexpr auto kNamespaces = std::to_array<NamespaceName>({
    {"cgroup", NamespaceType::kCgroup, CLONE_NEWCGROUP, "cgroup"},
    {"ipc", NamespaceType::kIpc, CLONE_NEWIPC, "ipc"},
    {"mount", NamespaceType::kMount, CLONE_NEWNS, "mnt"},
    {"network", NamespaceType::kNetwork, CLONE_NEWNET, "net"},
    {"pid", NamespaceType::kPid, CLONE_NEWPID, "pid"},
    {"time", NamespaceType::kTime, CLONE_NEWTIME, "time"},
    {"user", NamespaceType::kUser, CLONE_NEWUSER, "user"},
    {"uts", NamespaceType::kUts, CLONE_NEWUTS, "uts"},
});

}  // namespace

std::span<const NamespaceName> namespace_names() {
  return kNamespaces;
}

std::optional<NamespaceType> find_namespace_type(std::string_view name) {
  for (const NamespaceName& row : kNamespaces) {
    if (row.name == name) {
      return row.type;
    }
  }
  return std::nullopt;
}

const NamespaceName& describe(NamespaceType type) {
  for (const NamespaceName& row : kNamespaces) {
    if (row.type == type) {
      return row;
    }
  }
  __builtin_unreachable();
}

NamespaceType namespace_of_sysctl(std::string_view path) {
  return path.starts_with("net/")         ? NamespaceType::kNetwork
         : path.starts_with("user/")      ? NamespaceType::kUser
         : path == "kernel/domainname"    ? NamespaceType::kUts
                                          : NamespaceType::kIpc;
}

}  // namespace redoubt::plan
