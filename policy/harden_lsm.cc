// BPF LSM: the surfaces that seccomp closes by system call are closed a second time by the act
// itself, and some that no system call filter can tell apart are closed here alone.
#include <linux/capability.h>

#include <algorithm>

#include "base/str.h"
#include "plan/capability_names.h"
#include "policy/harden.h"
#include "policy/passes.h"
#include "policy/surface_table.h"

namespace redoubt::policy {
namespace {

// What only this layer sees, and the capabilities that ask for it.
struct LsmSurface {
  Field field;
  uint64_t lifted_by;
};
constexpr LsmSurface kOnlyHere[] = {
    {Field::kFilelessExec, capability_bit(CAP_SYS_ADMIN)},  // runc in a container starts itself from a memfd
    {Field::kHostFiles, capability_bit(CAP_SYS_ADMIN) | capability_bit(CAP_BPF) | capability_bit(CAP_PERFMON)},
    {Field::kPtraceOutside, capability_bit(CAP_SYS_PTRACE) | capability_bit(CAP_SYS_ADMIN)},
};

constexpr std::string_view kControlTypes[] = {
    "bpf", "configfs", "debugfs", "efivarfs", "securityfs", "tracefs"};
constexpr std::string_view kControlSources[] = {"/sys/fs/bpf",
                                                "/sys/firmware/efi/efivars",
                                                "/sys/kernel/config",
                                                "/sys/kernel/debug",
                                                "/sys/kernel/security",
                                                "/sys/kernel/tracing"};

// A mount of such a file system is as clear a request as a capability.
bool mounts_kernel_control(const oci::Spec& spec) {
  return std::any_of(spec.mounts.begin(), spec.mounts.end(), [](const oci::Mount& mount) {
    return std::find(std::begin(kControlTypes), std::end(kControlTypes), mount.type) !=
               std::end(kControlTypes) ||
           std::any_of(std::begin(kControlSources),
                       std::end(kControlSources),
                       [&](std::string_view source) {
                         return std::string_view(mount.source).starts_with(source);
                       });
  });
}

bool is_enforced(const plan::HostFacts& host, std::string_view path) {
  return std::find(host.bpf_lsm_fields.begin(), host.bpf_lsm_fields.end(), path) !=
         host.bpf_lsm_fields.end();
}

// Without this layer, whose lack is long: it is told whole with the layer and where it refuses a container.
Status fall_back(Hardener& h, Field field) {
  const std::string value = value_text(info_of(field), h.policy[field]);
  const std::string lack = h.by_guest ? kGuestDecides : kNoBpfLsm;
  switch (field) {
    case Field::kHostFiles:
      h.decide(field, value, "mount", concat("only where files.masked and files.readonly say so; ", lack));
      return {};
    case Field::kPtraceOutside: {
      const plan::Namespace* pid = h.plan.find_namespace(plan::NamespaceType::kPid);
      if (pid != nullptr) {
        h.decide(field, value, "pid namespace");
        return {};
      }
      return h.degrade_lsm(field, "the container is in the pid namespace of the host, and ");
    }
    default:
      return h.degrade_lsm(field);
  }
}

Status harden_only_here(Hardener& h, const LsmSurface& surface) {
  const FieldInfo& info = info_of(surface.field);
  const uint32_t level = h.policy.level(surface.field);
  if (level == 0) {
    return {};
  }
  const uint64_t granted = h.plan.process.capabilities.bounding;
  if (!h.policy.rule_of(surface.field).hard) {
    if (const uint64_t lifting = surface.lifted_by & granted; lifting != 0) {
      h.decide(surface.field,
               concat(value_text(info, h.policy[surface.field]),
                      "; lifted by ",
                      join(plan::capability_names_of(lifting), ", "),
                      " of config.json"),
               "policy");
      return {};
    }
    if (surface.field == Field::kHostFiles && mounts_kernel_control(h.spec)) {
      h.decide(surface.field, "lifted by a mount of config.json", "policy");
      return {};
    }
  }
  if (!is_enforced(h.host, info.path)) {
    return fall_back(h, surface.field);
  }
  plan::KernelIntents& intents = h.plan.hardening.intents;
  const bool audited = level != kDenyLevel || h.audits();
  (audited ? intents.audited_surfaces : intents.denied_surfaces).push_back(info.path);
  h.decide(surface.field, value_text(info, h.policy[surface.field]), audited ? "bpf-lsm (log)" : "bpf-lsm");
  return {};
}

// Seccomp's decisions that this layer stands behind.
void name_backend(Hardener& h, std::string_view path) {
  for (plan::Decision& decision : h.plan.hardening.decisions) {
    if (decision.control == path && decision.backend.starts_with("seccomp")) {
      decision.backend += ", bpf-lsm";
      decision.degradation.clear();  // what a system call filter cannot see, this layer does
    }
  }
}

}  // namespace

Status harden_lsm(Hardener& h) {
  plan::KernelIntents& intents = h.plan.hardening.intents;
  for (auto* surfaces : {&intents.denied_surfaces, &intents.audited_surfaces}) {
    std::erase_if(*surfaces, [&](std::string_view path) { return !is_enforced(h.host, path); });
    for (const std::string_view path : *surfaces) {
      name_backend(h, path);
    }
  }
  for (const LsmSurface& surface : kOnlyHere) {
    TRY(harden_only_here(h, surface));
  }
  const size_t denied = intents.denied_surfaces.size();
  const size_t audited = intents.audited_surfaces.size();
  h.layer("bpf-lsm",
          denied != 0 ? "active" : audited != 0 ? "audit" : "off",
          h.host.bpf_lsm_fields.empty() ? h.host.bpf_lsm_lack
          : denied + audited == 0        ? "the profile asks for none of it"
                                         : concat(denied, " surfaces closed, ", audited, " logged"));
  return {};
}

}  // namespace redoubt::policy
