#include "policy/escalate.h"

#include <algorithm>

#include "base/str.h"
#include "policy/annotations.h"
#include "policy/document/memory_size.h"
#include "policy/harden.h"
#include "policy/passes.h"
#include "policy/pod.h"

namespace redoubt::policy {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kDefaultMemory = 512 * kMiB;
constexpr uint64_t kLeastMemory = 128 * kMiB;
constexpr uint64_t kMostMemory = kMiB << 24;  // 16 TiB: sums do not overflow
constexpr uint64_t kDefaultPeriod = 100000;
constexpr char kMemoryKey[] = "io.redoubt.vm.memory";
constexpr char kVcpusKey[] = "io.redoubt.vm.vcpus";
// What the guest's kernel, its agent and a container's init take beside the workload, without the
// page structures (a 64th of all memory).
constexpr uint64_t kGuestShare = 80 * kMiB;
constexpr uint32_t kTcg = 0;  // levels of vm.accelerator
constexpr uint32_t kKvm = 1;

// Of the VMM and virtiofsd on this host (escalate-vm/monitor/landlock.cc).
constexpr int kWallAbi = 2;
constexpr char kNoWall[] = "no Landlock around the VMM and virtiofsd, which needs ABI 2 of this kernel (Linux 5.19)";

// What a guest takes at most to come up: a second by a real processor, minutes by an interpreter on a
// busy host.
constexpr uint64_t kWatchdog = 60;
constexpr uint64_t kEmulatedWatchdog = 300;
constexpr uint64_t kMaxWatchdog = 86400;

std::string text_or(const Document& policy, Field field, const char* fallback) {
  return policy[field].present ? policy[field].text : std::string(fallback);
}

Error refuse(const Hardener& hardener, std::string_view field, std::string_view why) {
  return Error::unsupported(concat(field,
                                   ": ",
                                   why,
                                   " with isolation \"vm\" (",
                                   hardener.policy.level(Field::kIsolation) == 0
                                       ? concat("the pod's sandbox ", hardener.host.sandbox.id)
                                       : hardener.source_of(Field::kIsolation),
                                   ")"));
}

// A machine has kernel objects of its own; what config.json wants to share with the host's it cannot
// have.
Status check_namespaces(const Hardener& hardener) {
  for (const plan::Namespace& ns : hardener.plan.namespaces) {
    const std::vector<std::string>& of_pod = hardener.host.sandbox.namespaces;
    const bool joins = !ns.path.empty() && ns.type != plan::NamespaceType::kNetwork;
    if (joins && std::find(of_pod.begin(), of_pod.end(), ns.path) == of_pod.end()) {
      return refuse(hardener,
                    "linux.namespaces",
                    concat("the namespace ", quote(ns.path), " cannot be joined"));
    }
  }
  if (hardener.plan.find_namespace(plan::NamespaceType::kNetwork) == nullptr) {
    return refuse(hardener,
                  "linux.namespaces",
                  "the host's network cannot be shared (give the container a network namespace)");
  }
  return {};
}

Status check_escalation(const Hardener& hardener) {
  const plan::Plan& plan = hardener.plan;
  TRY(check_namespaces(hardener));
  if (plan.rootless || hardener.host.euid != 0) {
    return refuse(hardener, "process", "a rootless container cannot run");
  }
  if (!plan.hooks_of(plan::HookKind::kCreateContainer).empty()) {
    return refuse(hardener, "hooks.createContainer", "programs of the host cannot run in the container");
  }
  if (!plan.net_devices.empty()) {
    return refuse(hardener, "linux.netDevices", "devices of the host cannot be moved");
  }
  if (plan.seccomp && !plan.seccomp->listener_path.empty()) {
    return refuse(hardener, "linux.seccomp.listenerPath", "a supervisor on the host cannot answer");
  }
  return {};
}

uint64_t round_to_mib(uint64_t bytes) {
  return (bytes + kMiB - 1) / kMiB * kMiB;
}

// A size of the machine.
struct Size {
  uint64_t value = 0;
  std::string asked_by;  // empty: nobody
};

Size memory_of(const oci::Spec& spec) {
  const auto asked = spec.annotations.find(kMemoryKey);
  if (asked != spec.annotations.end()) {  // checked by read_annotations()
    return {std::max(parse_memory_size(asked->second).value_or(0), kLeastMemory), concat("annotation ", kMemoryKey)};
  }
  const oci::Linux& config = linux_section(spec);
  const int64_t limit = config.resources && config.resources->memory
                            ? config.resources->memory->limit.value_or(0)
                            : 0;
  // The limit of a pod's sandbox is that of a program that only waits.
  const uint64_t pod = pod_memory_of(spec.annotations);
  if (limit <= 0 && pod == 0) {
    return {kDefaultMemory, ""};
  }
  const uint64_t bytes = std::min(pod != 0 ? pod : static_cast<uint64_t>(limit), kMostMemory);
  return {std::max(round_to_mib(bytes + bytes / 64 + kGuestShare), kLeastMemory),
          concat(pod != 0 ? "annotation io.kubernetes.cri.sandbox-memory" : "linux.resources.memory.limit",
                 " with the guest's own share")};
}

// As many as the quota can keep busy.
Size vcpus_of(const oci::Spec& spec) {
  const auto asked = spec.annotations.find(kVcpusKey);
  if (asked != spec.annotations.end()) {
    return {parse_number<uint32_t>(asked->second).value_or(1), concat("annotation ", kVcpusKey)};
  }
  const oci::Linux& config = linux_section(spec);
  const int64_t quota = config.resources && config.resources->cpu ? config.resources->cpu->quota.value_or(0) : 0;
  if (quota <= 0) {
    return {1, ""};
  }
  const uint64_t given = config.resources->cpu->period.value_or(0);
  const uint64_t period = given == 0 ? kDefaultPeriod : given;
  const auto time = static_cast<uint64_t>(quota);
  return {time / period + (time % period != 0 ? 1 : 0), "linux.resources.cpu.quota"};
}

// The node's word, where it has one, otherwise what a machine can have at all.
Result<uint64_t> within_ceiling(Hardener& hardener, Field field, const Size& size, uint64_t most) {
  const bool is_memory = field == Field::kVmMaxMemory;
  const auto shown = [is_memory](uint64_t value) { return is_memory ? memory_size_text(value) : concat(value); };
  if (hardener.has(field)) {
    most = std::min(most, hardener.policy[field].number);
    hardener.decide(field, shown(hardener.policy[field].number), "vm");
  }
  if (size.value <= most) {
    return size.value;
  }
  if (size.asked_by.empty()) {
    return most;
  }
  const std::string text =
      concat(info_of(field).path, ": ", size.asked_by, " asks for ", shown(size.value), ", ",
             hardener.has(field) ? concat(hardener.source_of(field), " allows ") : "a machine can have at most ", shown(most));
  if (hardener.policy.level(Field::kNodeOnConflict, 1) != 0) {
    return Error(ErrorKind::kDenied, concat(text, "; ask for less with the annotation ", is_memory ? kMemoryKey : kVcpusKey));
  }
  hardener.plan.warnings.push_back(concat(text, "; the tighter value is used"));
  return most;
}

Status size_machine(Hardener& hardener, plan::Machine& machine) {
  const FieldValue& most = hardener.policy[Field::kVmMaxMemory];
  if (most.present && most.number < kLeastMemory) {
    return Error::invalid(concat("vm.maxMemory: ", hardener.source_of(Field::kVmMaxMemory), " allows ", memory_size_text(most.number),
                                 ", and no machine comes up with less than ", memory_size_text(kLeastMemory)));
  }
  TRY_ASSIGN(machine.memory, within_ceiling(hardener, Field::kVmMaxMemory, memory_of(hardener.spec), kMostMemory));
  TRY_ASSIGN(const uint64_t vcpus, within_ceiling(hardener, Field::kVmMaxVcpus, vcpus_of(hardener.spec), kMaxVcpus));
  machine.vcpus = static_cast<uint32_t>(vcpus);
  return {};
}

}  // namespace

bool demands_machine(const Effective& policy) {
  return policy.document.level(Field::kIsolation) != 0 ||
         policy.privileged.level(Field::kIsolation) != 0;
}

plan::Machine node_machine(const Document& policy) {
  plan::Machine machine;
  machine.emulated = policy.level(Field::kVmAccelerator, kKvm) == kTcg;
  machine.image = text_or(policy, Field::kVmImage, "/var/lib/redoubt/machine");
  machine.monitor = text_or(policy, Field::kVmMonitor, REDOUBT_LIBEXEC_DIR "/redoubt-vm");
  machine.vmm = text_or(policy, Field::kVmVmm, "/usr/bin/qemu-system-x86_64");
  machine.virtiofsd = text_or(policy, Field::kVmVirtiofsd, "/usr/libexec/virtiofsd");
  return machine;
}

MachineRules machine_rules(const Document& policy) {
  MachineRules rules;
  rules.image_digest = text_or(policy, Field::kVmImageDigest, "");
  const FieldValue& watchdog = policy[Field::kVmWatchdog];
  const bool emulated = policy.level(Field::kVmAccelerator, kKvm) == kTcg;
  rules.watchdog = watchdog.present ? std::min(watchdog.number, kMaxWatchdog)
                   : emulated       ? kEmulatedWatchdog
                                    : kWatchdog;
  return rules;
}

Status check_fits_machine(const oci::Resources& resources, const plan::Machine& machine) {
  if (!machine.sandbox.empty()) {
    return {};  // others share its memory: a limit is a bound and no promise there
  }
  const uint64_t room = machine.memory < kGuestShare ? 0 : (machine.memory - kGuestShare) * 64 / 65;
  const int64_t limit = resources.memory ? resources.memory->limit.value_or(0) : 0;
  uint64_t wanted = limit > 0 ? static_cast<uint64_t>(limit) : 0;
  for (const auto& [file, value] : resources.unified) {
    if (file == "memory.max") {
      wanted = std::max(wanted, parse_number<uint64_t>(value).value_or(0));
    }
  }
  if (wanted <= room) {
    return {};
  }
  return Error::unsupported(concat("memory: ", wanted, " is more than the ", room, " that the virtual machine has room for (isolation \"vm\"); "
                                   "create the container anew with a higher limit or the annotation io.redoubt.vm.memory"));
}

// A container of a pod goes where its sandbox is (docs/adr/0008).
Status join_pod(Hardener& hardener) {
  const plan::PodSandbox& sandbox = hardener.host.sandbox;
  if (!sandbox.is_machine) {
    return Error::unsupported(concat("isolation: ",
                                     hardener.source_of(Field::kIsolation),
                                     " demands a virtual machine, and the sandbox ",
                                     quote(sandbox.id),
                                     " of the pod is none; demand it for the whole pod (annotation or node rule of its sandbox)"));
  }
  // The annotation alone is no proof: an engine joins a container of a pod to namespaces of its sandbox.
  if (sandbox.namespaces.empty()) {
    return Error(ErrorKind::kDenied,
                 concat("isolation: the annotations name the sandbox ", quote(sandbox.id), ", of which linux.namespaces joins nothing: the container is not of its pod"));
  }
  TRY(check_escalation(hardener));
  plan::Machine machine = node_machine(hardener.policy);
  machine.sandbox = sandbox.id;
  hardener.decide(Field::kIsolation, concat("vm, of the pod's sandbox ", sandbox.id), machine.emulated ? "vm (tcg)" : "vm (kvm)");
  hardener.layer(std::string(kMachineLayer), "active", "in the machine of its pod");
  hardener.plan.machine = std::move(machine);
  return {};
}

Status harden_isolation(Hardener& hardener) {
  const bool demanded = hardener.policy.level(Field::kIsolation) != 0;
  if (hardener.host.inside_machine) {
    if (demanded) {
      hardener.decide(Field::kIsolation, "vm", "vm");
    }
    return {};
  }
  if (!hardener.host.sandbox.id.empty() && (demanded || hardener.host.sandbox.is_machine)) {
    return join_pod(hardener);
  }
  if (!demanded) {
    return {};
  }
  if (!hardener.host.machine_lack.empty()) {
    return Error::unsupported(concat("isolation: ",
                                     hardener.source_of(Field::kIsolation),
                                     " demands a virtual machine, and there is none to be had: ",
                                     hardener.host.machine_lack));
  }
  TRY(check_escalation(hardener));
  const bool has_wall = hardener.host.landlock_abi >= kWallAbi;
  if (!has_wall) {
    TRY(hardener.require(Field::kIsolation, kNoWall));
  }
  plan::Machine machine = node_machine(hardener.policy);
  TRY(size_machine(hardener, machine));
  const char* const slow = machine.emulated ? "interpreted (vm.accelerator \"tcg\"): for tests, slow" : "";
  hardener.decide(Field::kIsolation,
                  concat("vm, ", machine.memory / kMiB, " MiB, ", machine.vcpus, " vCPU"),
                  machine.emulated ? "vm (tcg)" : "vm (kvm)",
                  has_wall ? slow : concat(slow, machine.emulated ? "; " : "", kNoWall));
  hardener.layer(std::string(kMachineLayer),
                 has_wall ? "active" : "degraded",
                 has_wall ? "the other layers are those of the guest's kernel, as far as it has them" : kNoWall);
  hardener.plan.machine = std::move(machine);
  return {};
}

}  // namespace redoubt::policy
