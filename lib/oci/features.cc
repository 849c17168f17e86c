#include "oci/features.h"

#include "oci/state_document.h"

namespace redoubt::oci {
namespace {

constexpr const char* kOldestVersion = "1.0.0";

json::Value list(const FeaturesInput::Names& names) {
  json::Value out{json::Array()};
  for (const std::string& name : names) {
    out.push(name);
  }
  return out;
}

json::Value enabled(bool value) {
  return json::Value().set("enabled", value);
}

json::Value cgroup(const FeaturesInput& input) {
  json::Value out;
  out.set("v1", input.cgroup_v1);
  out.set("v2", input.cgroup_v2);
  out.set("systemd", input.cgroup_systemd);
  out.set("systemdUser", input.cgroup_systemd_user);
  out.set("rdma", input.cgroup_rdma);
  return out;
}

json::Value seccomp(const FeaturesInput& input) {
  json::Value out = enabled(input.seccomp_enabled);
  if (input.seccomp_enabled) {
    out.set("actions", list(input.seccomp_actions));
    out.set("operators", list(input.seccomp_operators));
    out.set("archs", list(input.seccomp_archs));
    out.set("knownFlags", list(input.seccomp_known_flags));
    out.set("supportedFlags", list(input.seccomp_supported_flags));
  }
  return out;
}

json::Value linux_section(const FeaturesInput& input) {
  json::Value rdt = enabled(input.intel_rdt);
  rdt.set("schemata", input.intel_rdt_schemata);
  rdt.set("monitoring", input.intel_rdt_monitoring);
  json::Value memory_policy;
  memory_policy.set("modes", list(input.memory_policy_modes));
  memory_policy.set("flags", list(input.memory_policy_flags));

  json::Value out;
  out.set("namespaces", list(input.namespaces));
  out.set("capabilities", list(input.capabilities));
  out.set("cgroup", cgroup(input));
  out.set("seccomp", seccomp(input));
  out.set("apparmor", enabled(input.apparmor));
  out.set("selinux", enabled(input.selinux));
  out.set("intelRdt", std::move(rdt));
  out.set("memoryPolicy", std::move(memory_policy));
  out.set("mountExtensions", json::Value().set("idmap", enabled(input.idmap_mounts)));
  out.set("netDevices", enabled(input.net_devices));
  return out;
}

// Sorted by key, as Go writes maps. The runc names are those that engines look for.
json::Value annotations(const FeaturesInput& input) {
  json::Value out{json::Object()};
  if (input.seccomp_enabled && !input.libseccomp_version.empty()) {
    out.set("io.github.seccomp.libseccomp.version", input.libseccomp_version);
  }
  if (!input.policy_layers.empty()) {
    out.set("io.redoubt.policy.layers", input.policy_layers);
  }
  out.set("org.opencontainers.runc.checkpoint.enabled", input.checkpoint ? "true" : "false");
  out.set("org.opencontainers.runc.commit", input.commit);
  out.set("org.opencontainers.runc.version", input.version);
  return out;
}

// Annotations that change what the host does: engines should not pass them on from images. A
// trailing dot is a prefix.
json::Value unsafe_annotations() {
  return list({"bundle", "io.redoubt.", "org.criu.config", "org.systemd.property."});
}

}  // namespace

json::Value features_document(const FeaturesInput& input) {
  json::Value out;
  out.set("ociVersionMin", kOldestVersion);
  out.set("ociVersionMax", kOciVersion);
  out.set("hooks",
          list({"prestart",
                "createRuntime",
                "createContainer",
                "startContainer",
                "poststart",
                "poststop"}));
  out.set("mountOptions", list(input.mount_options));
  out.set("linux", linux_section(input));
  out.set("annotations", annotations(input));
  out.set("potentiallyUnsafeConfigAnnotations", unsafe_annotations());
  return out;
}

}  // namespace redoubt::oci
