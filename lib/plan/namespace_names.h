// The eight namespace types: config.json word, enumerator, clone(2) flag, /proc/PID/ns entry.
// Shared by the namespace pass, `features`, state and messages.
#ifndef REDOUBT_PLAN_NAMESPACE_NAMES_H_
#define REDOUBT_PLAN_NAMESPACE_NAMES_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "plan/plan.h"

namespace redoubt::plan {

struct NamespaceName {
  std::string_view name;  // "network"
  NamespaceType type;
  uint64_t clone_flag;         // CLONE_NEWNET
  std::string_view proc_name;  // "net": /proc/PID/ns/net
};

// Sorted by name: what `features` lists.
std::span<const NamespaceName> namespace_names();
std::optional<NamespaceType> find_namespace_type(std::string_view name);
const NamespaceName& describe(NamespaceType type);

// Whose kernel parameter "net/ipv4/ip_forward" is, of those that oci::validate() lets through.
NamespaceType namespace_of_sysctl(std::string_view path);

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_NAMESPACE_NAMES_H_
