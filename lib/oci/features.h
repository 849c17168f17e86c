// The document of the `features` verb: what this runtime knows, for engines to ask before they
// write a config.json (features.md).
//
// The shape is fixed here, the lists come from the tables that the code itself uses, so that
// nothing is claimed that is not implemented. Called by runc-compat/cli.
#ifndef REDOUBT_OCI_FEATURES_H_
#define REDOUBT_OCI_FEATURES_H_

#include <string>
#include <vector>

#include "base/json.h"

namespace redoubt::oci {

struct FeaturesInput {
  using Names = std::vector<std::string>;

  Names mount_options;  // sorted
  Names namespaces;     // sorted
  Names capabilities;   // in numeric order

  bool cgroup_v1 = false, cgroup_v2 = true;
  bool cgroup_systemd = true, cgroup_systemd_user = true, cgroup_rdma = true;

  // Without libseccomp only "enabled": false is said.
  bool seccomp_enabled = false;
  Names seccomp_actions, seccomp_operators, seccomp_archs;
  Names seccomp_known_flags, seccomp_supported_flags;
  std::string libseccomp_version;  // "2.5.4"

  bool apparmor = true, selinux = true;
  bool intel_rdt = true, intel_rdt_schemata = true, intel_rdt_monitoring = true;
  Names memory_policy_modes, memory_policy_flags;
  bool idmap_mounts = true;
  bool net_devices = true;

  bool checkpoint = true;
  std::string version;  // of the program: "0.1.0"
  std::string commit;   // empty: not known
  std::string policy_layers;  // "seccomp landlock-7 selinux": what a policy can use on this host
};

json::Value features_document(const FeaturesInput& input);

}  // namespace redoubt::oci

#endif  // REDOUBT_OCI_FEATURES_H_
