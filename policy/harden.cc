#include "policy/harden.h"

#include <linux/capability.h>

#include <algorithm>
#include <iterator>

#include "base/str.h"
#include "policy/effective.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

using Pass = Status (*)(Hardener&);

// The node's word alone counts, also for a privileged container.
Status decide_recording(const Effective& policy, plan::Plan& plan) {
  if (policy.recording.empty()) {
    return {};
  }
  if (plan.machine) {
    return Error::unsupported(
        "annotation io.redoubt.record: the container runs in a virtual machine, which is not looked into; leave the "
        "annotation out, or isolation \"vm\"");
  }
  const FieldInfo& info = info_of(Field::kNodeRecordings);
  plan.hardening.recording = {policy.document[Field::kNodeRecordings].text, policy.recording};
  plan.hardening.decisions.push_back({std::string(info.path),
                                      concat("recorded as ", policy.recording, " in ", plan.hardening.recording->directory),
                                      place_of(policy.document.rule_of(Field::kNodeRecordings)),
                                      "tracepoints",
                                      ""});
  return {};
}

Status harden_first_process(Hardener& hardener) {
  return harden_process(hardener, hardener.plan.process);
}

// Landlock after network: its ports are part of the ruleset.
constexpr Pass kPasses[] = {
    harden_first_process,
    harden_seccomp,
    harden_lsm,  // after seccomp, which finds what config.json lifts
    harden_files,
    harden_devices,
    harden_network,
    harden_landlock,
    harden_reports,
};

// Layers that a kernel has or has not.
constexpr std::string_view kOfTheKernel[] = {"apparmor", "bpf-lsm", "cgroup-bpf", "landlock", "reports", "selinux"};

// Of a host whose kernel does not confine the container. The network's programs stay: around the VMM, of which the guest's traffic is none.
plan::HostFacts facts_of_guest(plan::HostFacts facts) {
  facts.landlock_abi = 0;
  facts.bpf_lsm_fields.clear();
  facts.bpf_lsm_lack = facts.filter_report_lack = facts.file_report_lack = kGuestDecides;
  facts.selinux_enabled = facts.apparmor_enabled = false;
  return facts;
}

// Isolation is the host's, all other passes are of the kernel that the container runs on.
Status run_passes(Hardener& hardener) {
  TRY(harden_isolation(hardener));
  if (!hardener.plan.machine) {
    for (const Pass pass : kPasses) {
      TRY(pass(hardener));
    }
    return {};
  }
  const plan::HostFacts facts = facts_of_guest(hardener.host);
  Hardener guest{hardener.spec, facts, hardener.policy, hardener.plan, hardener.mode, true};
  for (const Pass pass : kPasses) {
    TRY(pass(guest));
  }
  return {};
}

std::string_view mode_word(uint32_t mode) {
  return info_of(Field::kMode).words[mode];
}

bool has_seccomp(const oci::Spec& spec) {
  const oci::Linux& config = linux_section(spec);
  return config.seccomp &&
         !(config.seccomp->default_action.empty() && config.seccomp->syscalls.empty());
}

// Loudly: this is the one case in which nothing is added to config.json.
Status decide_privileged(const Document& policy, plan::Plan& plan) {
  const uint32_t level = policy.level(Field::kNodePrivileged);
  const FieldInfo& info = info_of(Field::kNodePrivileged);
  const std::string source = policy[Field::kNodePrivileged].present
                                 ? place_of(policy.rule_of(Field::kNodePrivileged))
                                 : "built-in default";
  if (info.words[level] == "deny") {
    return Error(ErrorKind::kDenied,
                 concat("config.json asks for a privileged container (process.capabilities.bounding "
                        "has every capability and there is no linux.seccomp), ",
                        source,
                        " says node.privileged: deny"));
  }
  plan.hardening.privileged = true;
  plan.hardening.decisions.push_back({"node.privileged",
                                      concat(info.words[level], ": config.json asks for everything"),
                                      source,
                                      "policy",
                                      "the profile is not applied"});
  return {};
}

}  // namespace

bool is_privileged(const oci::Spec& spec, const plan::Plan& plan, const plan::HostFacts& host) {
  const uint64_t all = facts_in_user_namespace(host).bounding_capabilities;
  const uint64_t bounding = plan.process.capabilities.bounding;
  // Of an engine that runs with less (in a container itself), everything is what it has.
  const uint64_t reachable =
      plan.find_namespace(plan::NamespaceType::kUser) != nullptr ? all
                                                                 : all & host.bounding_capabilities;
  return bounding != 0 && (bounding & reachable) == reachable &&
         (reachable >> CAP_SYS_ADMIN & 1) != 0 && !has_seccomp(spec);
}

void Hardener::decide(Field field,
                      std::string value,
                      std::string backend,
                      std::string degradation) {
  plan.hardening.decisions.push_back({std::string(info_of(field).path),
                                      std::move(value),
                                      source_of(field),
                                      std::move(backend),
                                      std::move(degradation)});
}

Status Hardener::degrade(Field field, std::string backend, std::string lack) {
  if (by_guest) {
    decide(field, value_text(info_of(field), policy[field]), "guest", kGuestDecides);
    return {};
  }
  TRY(require(field, lack));
  decide(field, value_text(info_of(field), policy[field]), std::move(backend), std::move(lack));
  return {};
}

Status Hardener::degrade_lsm(Field field, std::string_view before) {
  if (!by_guest) {
    TRY(require(field, concat(before, "no BPF LSM: ", host.bpf_lsm_lack)));
  }
  return degrade(field, "", concat(before, kNoBpfLsm));
}

Status Hardener::require(Field field, std::string_view lack) const {
  if (mode != kModeRequired || policy.rule_of(field).best_effort) {
    return {};
  }
  return Error::unsupported(concat(info_of(field).path,
                                   " (",
                                   source_of(field),
                                   ") cannot be enforced: ",
                                   lack,
                                   "; mode \"preferred\" goes without"));
}

void Hardener::layer(std::string name, std::string level, std::string reason) {
  if (by_guest && std::find(std::begin(kOfTheKernel), std::end(kOfTheKernel), name) != std::end(kOfTheKernel)) {
    level = "guest";
    reason = kGuestDecides;
  }
  plan.hardening.layers.push_back({std::move(name), std::move(level), std::move(reason)});
}

Status harden_process(Hardener& hardener, plan::Process& process) {
  TRY(harden_capabilities(hardener, process));
  TRY(harden_labels(hardener, process));
  return harden_limits(hardener, process);
}

Status pass_policy(const Request& request, plan::Plan& plan) {
  // Also without `process`: exec brings one, and finds the filters in this Plan.
  if (request.policy == nullptr) {
    return {};
  }
  const bool privileged = is_privileged(request.spec, plan, request.host);
  if (privileged) {
    TRY(decide_privileged(request.policy->document, plan));
  }
  const Document& policy =
      privileged ? request.policy->privileged : request.policy->document;
  plan.hardening.profile = request.policy->profile;
  Hardener hardener{request.spec, request.host, policy, plan};
  hardener.mode = policy.level(Field::kMode, kModePreferred);
  plan.hardening.mode = mode_word(hardener.mode);
  if (hardener.has(Field::kMode)) {
    hardener.decide(Field::kMode, plan.hardening.mode, "policy");
  }
  if (hardener.has(Field::kNodeSignedBy)) {
    hardener.decide(Field::kNodeSignedBy, join(request.policy->signers, ", "), "policy");
  }
  if (hardener.mode == kModeOff) {
    hardener.layer("all", "off", "mode: off");
    TRY(harden_isolation(hardener));  // no profile takes back a machine that somebody demands
    return decide_recording(*request.policy, plan);
  }
  TRY(run_passes(hardener));
  return decide_recording(*request.policy, plan);
}

Status harden_exec(const Request& request, const plan::Plan& container, plan::Process& process) {
  if (request.policy == nullptr || container.hardening.mode == "off") {
    return {};
  }
  const Document& policy = container.hardening.privileged ? request.policy->privileged
                                                          : request.policy->document;
  plan::Plan scratch;
  scratch.id = container.id;
  scratch.namespaces = container.namespaces;
  const plan::HostFacts facts = container.machine ? facts_of_guest(request.host) : request.host;
  Hardener hardener{request.spec, facts, policy, scratch, policy.level(Field::kMode, kModePreferred), container.machine.has_value()};
  return harden_process(hardener, process);
}

}  // namespace redoubt::policy
