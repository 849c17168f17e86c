// What the tests of the passes share: a host that can do everything, and a resolve() of one Spec
// under it.
#ifndef REDOUBT_TESTS_UNIT_POLICY_SPECS_H_
#define REDOUBT_TESTS_UNIT_POLICY_SPECS_H_

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "plan/capability_names.h"
#include "policy/document/field.h"
#include "policy/resolve.h"

namespace redoubt::policy {

inline plan::HostFacts capable_host() {
  plan::HostFacts host;
  host.bounding_capabilities = plan::kAllCapabilities;
  host.selinux_enabled = true;
  host.apparmor_enabled = true;
  return host;
}

// With every layer that a policy can use.
inline plan::HostFacts host_with_every_layer() {
  plan::HostFacts host = capable_host();
  host.landlock_abi = 7;
  host.cgroup_v2_only = true;
  host.cgroup_bpf_network = true;
  host.machine_lack.clear();
  for (const FieldInfo& info : field_table()) {
    if (info.layer.find("bpf-lsm") != std::string_view::npos) {
      host.bpf_lsm_fields.push_back(info.path);
    }
  }
  return host;
}

inline plan::HostFacts rootless_host() {
  plan::HostFacts host = capable_host();
  host.euid = 1000;
  host.egid = 1000;
  host.bounding_capabilities = 0;
  return host;
}

// The smallest Spec that resolves.
inline oci::Spec small_spec() {
  oci::Spec spec;
  spec.root = oci::Root{"rootfs", false};
  spec.process = oci::Process{};
  spec.process->args = {"sh"};
  spec.process->cwd = "/";
  spec.linux_ = oci::Linux{};
  return spec;
}

struct Options {
  bool systemd_cgroup = false;
  bool rootless = false;
  bool no_pivot = false;
  bool no_new_keyring = false;
};

inline Result<plan::Plan> resolve_under(const oci::Spec& spec,
                                        const plan::HostFacts& host,
                                        Options options = {}) {
  Request request{spec, host, "c1", "/bundle"};
  request.systemd_cgroup = options.systemd_cgroup;
  request.rootless = options.rootless;
  request.no_pivot = options.no_pivot;
  request.no_new_keyring = options.no_new_keyring;
  return resolve(request);
}

inline Result<plan::Plan> resolve_spec(const oci::Spec& spec, Options options = {}) {
  return resolve_under(spec, capable_host(), options);
}

inline oci::Spec spec_with(const std::vector<std::string>& capabilities) {
  oci::Spec spec = small_spec();
  oci::Capabilities sets;
  sets.bounding = sets.effective = sets.permitted = capabilities;
  spec.process->capabilities = sets;
  return spec;
}

// "" for a file that is not there.
inline std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The message of the error, or "" when there is none.
template <typename T>
std::string error_of(const Result<T>& result) {
  return result.has_value() ? std::string() : result.error().message();
}

}  // namespace redoubt::policy

#endif  // REDOUBT_TESTS_UNIT_POLICY_SPECS_H_
