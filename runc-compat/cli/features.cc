#include "oci/features.h"

#include <string>
#include <vector>

#include "base/str.h"
#include "plan/capability_names.h"
#include "plan/mount_options.h"
#include "plan/namespace_names.h"
#include "plan/scheduling_names.h"
#include "plan/seccomp_names.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/cli/version.h"
#include "runc-compat/launch/container.h"
#include "sandbox/probe.h"
#include "sandbox/seccomp.h"

namespace redoubt::cli {
namespace {

using Names = oci::FeaturesInput::Names;

Names names_in(std::span<const plan::NamedNumber> table) {
  const std::vector<std::string_view> names = plan::names_of(table);
  return {names.begin(), names.end()};
}

// Without the library no filter can be compiled, so seccomp is then not offered at all.
void fill_seccomp(oci::FeaturesInput& input) {
  input.libseccomp_version = sandbox::libseccomp_version();
  input.seccomp_enabled = !input.libseccomp_version.empty();
  input.seccomp_actions = names_in(plan::seccomp_action_names());
  input.seccomp_operators = names_in(plan::seccomp_operator_names());
  for (const plan::SeccompArchitecture& architecture : plan::seccomp_architectures()) {
    input.seccomp_archs.emplace_back(architecture.name);
  }
  const uint32_t supported = sandbox::supported_seccomp_flags();
  for (const plan::NamedNumber& flag : plan::seccomp_flag_names()) {
    input.seccomp_known_flags.emplace_back(flag.name);
    if ((supported & flag.number) != 0) {
      input.seccomp_supported_flags.emplace_back(flag.name);
    }
  }
}

// The layers that hardening can use here.
std::string policy_layers(bool seccomp) {
  const plan::HostFacts host = launch::probe_launch_host(launch::BpfSet::kQuery);
  std::vector<std::string> layers = {"capabilities", "mounts"};
  if (seccomp) {
    layers.emplace_back("seccomp");
  }
  if (host.landlock_abi > 0) {
    layers.push_back(concat("landlock-", host.landlock_abi));
  }
  if (!host.bpf_lsm_fields.empty()) {
    layers.emplace_back("bpf-lsm");
  }
  if (sandbox::probe_network_filter()) {
    layers.emplace_back("cgroup-bpf");
  }
  if (host.selinux_enabled) {
    layers.emplace_back("selinux");
  }
  if (host.apparmor_enabled) {
    layers.emplace_back("apparmor");
  }
  return join(layers, " ");
}

// What the runtime itself knows, as features.md wants it, from the tables that resolve config.json:
// nothing here reads /proc.
oci::FeaturesInput features_of_this_build() {
  oci::FeaturesInput input;
  for (const std::string_view option : plan::listed_mount_options()) {
    input.mount_options.emplace_back(option);
  }
  for (const plan::NamespaceName& name : plan::namespace_names()) {
    input.namespaces.emplace_back(name.name);
  }
  for (const std::string_view name : plan::capability_names()) {
    input.capabilities.emplace_back(name);
  }
  fill_seccomp(input);
  input.memory_policy_modes = names_in(plan::memory_policy_mode_names());
  input.memory_policy_flags = names_in(plan::memory_policy_flag_names());
  input.checkpoint = false;
  input.version = version_number();
  input.commit = commit_id();
  input.policy_layers = policy_layers(input.seccomp_enabled);
  return input;
}

Result<int> run_features(const Globals& /*globals*/, const Arguments& /*arguments*/) {
  const json::Value document = oci::features_document(features_of_this_build());
  TRY(print(json::dump(document, json::Layout::kIndent4) + "\n"));
  return 0;
}

}  // namespace

constinit const Verb kVerbFeatures = {
    .name = "features",
    .group = VerbGroup::kDocuments,
    .summary = "print what this build and this host can do",
    .description =
        "Prints the features document of the OCI runtime specification as JSON: what engines ask\n"
        "before they write a config.json. Needs no privilege.",
    .examples = "redoubt features",
    .quiet = true,
    .run = run_features,
};

}  // namespace redoubt::cli
