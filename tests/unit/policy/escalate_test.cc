#include "policy/escalate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "documents.h"
#include "hardened.h"
#include "plan/capability_names.h"
#include "policy/pod.h"
#include "specs.h"

namespace redoubt::policy {
namespace {

using ::testing::HasSubstr;

oci::Spec vm_spec() {
  oci::Spec spec = small_spec();
  spec.linux_->namespaces = {{"network", ""}, {"pid", ""}, {"mount", ""}};
  spec.annotations["io.redoubt.isolation"] = "vm";
  return spec;
}

Result<plan::Plan> resolve_vm(const oci::Spec& spec, const plan::HostFacts& host = host_with_every_layer()) {
  const Result<Effective> policy =
      choose_policy({std::nullopt, [](const std::string& name) -> Result<std::optional<SourceText>> {
                       return find_embedded_profile(name);
                     }},
                    spec.annotations);
  if (!policy) {
    return policy.error();
  }
  Request request{spec, host, "c1", "/bundle"};
  request.policy = &*policy;
  return resolve(request);
}

TEST(Escalate, TheAnnotationGivesTheContainerAMachine) {
  const Result<plan::Plan> plan = resolve_vm(vm_spec());
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  ASSERT_TRUE(plan->machine.has_value());
  EXPECT_FALSE(plan->machine->emulated);
  EXPECT_EQ(plan->machine->memory, uint64_t{512} << 20);
  EXPECT_EQ(plan->machine->vcpus, 1U);
  EXPECT_EQ(plan->machine->vmm, "/usr/bin/qemu-system-x86_64");
}

TEST(Escalate, ARecordingThatWouldSeeTheMonitorOnlyIsRefused) {
  oci::Spec spec = vm_spec();
  spec.annotations["io.redoubt.record"] = "web";
  const Result<Effective> policy = choose_policy(
      {SourceText{node_text(R"(,"node":{"recordings":{"value":"/var/lib/r","reason":"r"}})"), "node.json"}, lookup_with()},
      spec.annotations);
  ASSERT_TRUE(policy.has_value()) << policy.error().message();
  const plan::HostFacts host = host_with_every_layer();
  Request request{spec, host, "c1", "/bundle"};
  request.policy = &*policy;
  const Result<plan::Plan> plan = resolve(request);
  ASSERT_FALSE(plan.has_value());
  EXPECT_THAT(plan.error().message(), HasSubstr("io.redoubt.record: the container runs in a virtual machine"));
}

TEST(Escalate, AProfileThatIsOffTakesNoMachineBack) {
  const oci::Spec spec = vm_spec();
  const Result<Effective> policy =
      choose_policy({std::nullopt, [](const std::string& name) -> Result<std::optional<SourceText>> {
                       return std::optional<SourceText>(
                           {profile_text(R"(,"mode":{"value":"off","reason":"r"})", name), name});
                     }},
                    spec.annotations);
  ASSERT_TRUE(policy.has_value()) << policy.error().message();
  const plan::HostFacts host = host_with_every_layer();
  Request request{spec, host, "c1", "/bundle"};
  request.policy = &*policy;
  const Result<plan::Plan> plan = resolve(request);
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  EXPECT_EQ(plan->hardening.mode, "off");
  EXPECT_TRUE(plan->machine.has_value());
}

TEST(Escalate, NobodyIsEscalatedUnasked) {
  oci::Spec spec = vm_spec();
  spec.annotations.clear();
  const Result<plan::Plan> plan = resolve_vm(spec);
  ASSERT_TRUE(plan.has_value());
  EXPECT_FALSE(plan->machine.has_value());
}

TEST(Escalate, AHostThatCannotIsNamedWithItsLack) {
  plan::HostFacts host = host_with_every_layer();
  host.machine_lack = "/dev/kvm cannot be opened";
  EXPECT_THAT(error_of(resolve_vm(vm_spec(), host)),
              HasSubstr("annotation io.redoubt.isolation demands a virtual machine, and there is none to be had: "
                        "/dev/kvm cannot be opened"));
}

TEST(Escalate, InsideOfAMachineTheContainerIsAnOrdinaryOne) {
  plan::HostFacts host = host_with_every_layer();
  host.inside_machine = true;
  host.machine_lack = "no KVM in here";
  const Result<plan::Plan> plan = resolve_vm(vm_spec(), host);
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  EXPECT_FALSE(plan->machine.has_value());
}

const char* const kAsksMuch =
    R"(,"mode":{"value":"required","reason":"r"},"syscalls":{"report":{"value":true,"reason":"r"}},"kernel":{"filelessExec":{"value":"deny","reason":"r"}},
      "files":{"read":[{"paths":["/"],"reason":"r"}],"report":{"value":true,"reason":"r"}},"network":{"connect":[{"address":"10.0.0.0/8","ports":["443"],"protocol":"tcp","reason":"r"}]},
      "selinux":{"type":{"value":"container_t","reason":"r"}})";

// Whatever this host has or lacks: it is the guest's kernel that confines the container, and refuses there.
TEST(Escalate, WhatTheKernelDecidesIsLeftToTheGuest) {
  plan::HostFacts rich = host_with_every_layer();
  rich.filter_report_lack = rich.file_report_lack = "";
  plan::HostFacts poor = capable_host();
  poor.machine_lack.clear();
  poor.landlock_abi = 2;
  poor.selinux_enabled = false;
  for (const plan::HostFacts& host : {rich, poor}) {
    const Effective policy = policy_of({{"io.redoubt.isolation", "vm"}}, kAsksMuch);
    const auto plan = hardened(vm_spec(), policy, host);
    ASSERT_TRUE(plan) << plan.error().message();
    for (const char* field :
         {"syscalls.report", "files.report", "files.read", "kernel.filelessExec", "network.connect", "selinux.type"}) {
      const plan::Decision* decision = decision_of(*plan, field);
      ASSERT_NE(decision, nullptr) << field;
      EXPECT_EQ(decision->backend, "guest") << field;
      EXPECT_THAT(decision->degradation, HasSubstr("the guest's kernel decides")) << field;
    }
    for (const char* layer : {"bpf-lsm", "landlock", "reports"}) {
      ASSERT_NE(layer_of(*plan, layer), nullptr) << layer;
      EXPECT_EQ(layer_of(*plan, layer)->level, "guest") << layer;
    }
    EXPECT_EQ(layer_of(*plan, "seccomp")->level, "active");
    EXPECT_EQ(plan->cgroup.network.restricts_connect, host.cgroup_bpf_network);  // around the VMM all the same
  }
  poor.inside_machine = true;
  EXPECT_THAT(error_of(hardened(vm_spec(), policy_of({}, kAsksMuch), poor)), HasSubstr("cannot be enforced"));
}

TEST(Escalate, AMissingWallAroundTheMachineIsSaidAndRefusedWhereRequired) {
  plan::HostFacts host = host_with_every_layer();
  host.landlock_abi = 1;
  const auto plan = resolve_vm(vm_spec(), host);
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_THAT(decision_of(*plan, "isolation")->degradation, HasSubstr("no Landlock around the VMM"));
  EXPECT_EQ(layer_of(*plan, kMachineLayer)->level, "degraded");
  oci::Spec strict = vm_spec();
  strict.annotations["io.redoubt.mode"] = "required";
  EXPECT_THAT(error_of(resolve_vm(strict, host)), HasSubstr("isolation (annotation io.redoubt.isolation) cannot be enforced: no Landlock"));
  host.landlock_abi = 2;
  const auto walled = resolve_vm(strict, host);
  ASSERT_TRUE(walled) << walled.error().message();
  EXPECT_EQ(layer_of(*walled, kMachineLayer)->level, "active");
}

TEST(Escalate, TheMachineIsSizedByTheLimits) {
  oci::Spec spec = vm_spec();
  spec.linux_->resources.emplace();
  spec.linux_->resources->memory.emplace().limit = int64_t{1} << 30;
  spec.linux_->resources->cpu.emplace().quota = 250000;
  spec.linux_->resources->cpu->period = 100000;
  const Result<plan::Plan> plan = resolve_vm(spec);
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  EXPECT_GT(plan->machine->memory, uint64_t{1} << 30);
  EXPECT_LT(plan->machine->memory, uint64_t{1200} << 20);
  EXPECT_EQ(plan->machine->vcpus, 3U);
}

TEST(Escalate, AnnotationsSetTheSize) {
  oci::Spec spec = vm_spec();
  spec.annotations["io.redoubt.vm.memory"] = "2Gi";
  spec.annotations["io.redoubt.vm.vcpus"] = "4";
  const Result<plan::Plan> plan = resolve_vm(spec);
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->machine->memory, uint64_t{2} << 30);
  EXPECT_EQ(plan->machine->vcpus, 4U);
}

// What would have to be shared with the host's kernel is refused by the field's name.
TEST(Escalate, WhatAMachineCannotHaveIsRefused) {
  oci::Spec host_network = vm_spec();
  host_network.linux_->namespaces = {{"pid", ""}, {"mount", ""}};
  EXPECT_THAT(error_of(resolve_vm(host_network)), HasSubstr("linux.namespaces: the host's network cannot be shared"));
  oci::Spec joined = vm_spec();
  joined.linux_->namespaces[1].path = "/proc/1/ns/pid";
  EXPECT_THAT(error_of(resolve_vm(joined)), HasSubstr("linux.namespaces: the namespace \"/proc/1/ns/pid\" cannot be joined"));
  oci::Spec hooked = vm_spec();
  hooked.hooks.create_container.emplace_back().path = "/bin/true";
  EXPECT_THAT(error_of(resolve_vm(hooked)), HasSubstr("hooks.createContainer"));
}

oci::Spec member_spec() {
  oci::Spec spec = vm_spec();
  spec.annotations = {{"io.kubernetes.cri.container-type", "container"}, {"io.kubernetes.cri.sandbox-id", "s"}};
  spec.linux_->namespaces.push_back({"ipc", "/proc/84/ns/ipc"});
  return spec;
}

// On the host's kernel it would not find its pod's network.
TEST(Escalate, AContainerGoesWhereItsPodIsAndJoinsNobodyElse) {
  plan::HostFacts host = host_with_every_layer();
  host.sandbox = {"s", true, {"/proc/84/ns/ipc"}};
  const Result<plan::Plan> plan = resolve_vm(member_spec(), host);
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  ASSERT_TRUE(plan->machine.has_value());
  EXPECT_EQ(plan->machine->sandbox, "s");
  oci::Spec foreign = member_spec();
  foreign.linux_->namespaces.back().path = "/proc/1/ns/ipc";
  EXPECT_THAT(error_of(resolve_vm(foreign, host)), HasSubstr("\"/proc/1/ns/ipc\" cannot be joined with isolation \"vm\" (the pod's sandbox s)"));
}

TEST(Escalate, AContainerOfAnotherPodIsNotLetIn) {
  plan::HostFacts host = host_with_every_layer();
  host.sandbox = {"s", true, {}};
  EXPECT_THAT(error_of(resolve_vm(member_spec(), host)), HasSubstr("the container is not of its pod"));
}

TEST(Escalate, AContainerCannotLeaveAPodOnTheHost) {
  plan::HostFacts host = host_with_every_layer();
  host.sandbox = {"s", false, {"/proc/84/ns/ipc"}};
  const Result<plan::Plan> ordinary = resolve_vm(member_spec(), host);
  ASSERT_TRUE(ordinary.has_value()) << ordinary.error().message();
  EXPECT_FALSE(ordinary->machine.has_value());
  oci::Spec spec = member_spec();
  spec.annotations["io.redoubt.isolation"] = "vm";
  EXPECT_THAT(error_of(resolve_vm(spec, host)), HasSubstr("demands a virtual machine, and the sandbox \"s\" of the pod is none"));
}

TEST(Escalate, ThePodsMemoryIsTheSizeOfItsMachine) {
  oci::Spec spec = vm_spec();
  spec.annotations["io.kubernetes.cri.sandbox-memory"] = "1073741824";
  spec.annotations["io.kubernetes.cri.container-type"] = "sandbox";
  spec.linux_->resources.emplace().memory.emplace().limit = 16 << 20;
  const Result<plan::Plan> plan = resolve_vm(spec);
  ASSERT_TRUE(plan.has_value());
  EXPECT_GT(plan->machine->memory, uint64_t{1} << 30);
}

TEST(Escalate, ThePodsMemoryIsHeardOnASandboxAlone) {
  oci::Spec spec = vm_spec();
  spec.annotations["io.kubernetes.cri.sandbox-memory"] = "1073741824";
  EXPECT_EQ(resolve_vm(spec)->machine->memory, uint64_t{512} << 20);
}

// With `vm` as the section of the node's policy, and perhaps more after it.
Result<plan::Plan> resolve_under(const std::string& vm, const oci::Spec& spec) {
  const Result<Effective> policy =
      choose_policy({SourceText{node_text(concat(R"(,"vm":{)", vm, "}")), "node.json"}, lookup_with()}, spec.annotations);
  if (!policy) {
    return policy.error();
  }
  const plan::HostFacts host = host_with_every_layer();
  Request request{spec, host, "c1", "/bundle"};
  request.policy = &*policy;
  return resolve(request);
}

constexpr char kCeilings[] = R"("maxMemory":{"value":"1Gi","reason":"r"},"maxVcpus":{"value":2,"reason":"r"})";

oci::Spec asking(const char* key, const char* value) {
  oci::Spec spec = vm_spec();
  spec.annotations[key] = value;
  return spec;
}

TEST(Escalate, TheNodesCeilingHoldsForAnnotations) {
  EXPECT_EQ(resolve_under(kCeilings, asking("io.redoubt.vm.memory", "1Gi"))->machine->memory, uint64_t{1} << 30);
  EXPECT_EQ(resolve_under(kCeilings, asking("io.redoubt.vm.vcpus", "2"))->machine->vcpus, 2U);
  EXPECT_EQ(error_of(resolve_under(kCeilings, asking("io.redoubt.vm.memory", "1025Mi"))),
            "vm.maxMemory: annotation io.redoubt.vm.memory asks for 1025Mi, node.json:1 allows 1Gi; ask for less with the annotation "
            "io.redoubt.vm.memory");
  EXPECT_THAT(error_of(resolve_under(kCeilings, asking("io.redoubt.vm.vcpus", "3"))),
              HasSubstr("vm.maxVcpus: annotation io.redoubt.vm.vcpus asks for 3, node.json:1 allows 2"));
}

TEST(Escalate, TheNodesCeilingHoldsForWhatIsDerived) {
  oci::Spec limited = vm_spec();
  limited.linux_->resources.emplace().memory.emplace().limit = int64_t{1} << 30;
  EXPECT_THAT(error_of(resolve_under(kCeilings, limited)), HasSubstr("vm.maxMemory: linux.resources.memory.limit with the guest's own share asks for 1120Mi"));
  limited.linux_->resources->memory->limit = int64_t{900} << 20;
  EXPECT_TRUE(resolve_under(kCeilings, limited).has_value());
  limited.linux_->resources->cpu.emplace().quota = 200001;
  EXPECT_THAT(error_of(resolve_under(kCeilings, limited)), HasSubstr("vm.maxVcpus: linux.resources.cpu.quota asks for 3"));
  oci::Spec pod = asking("io.kubernetes.cri.sandbox-memory", "8589934592");
  pod.annotations["io.kubernetes.cri.container-type"] = "sandbox";
  EXPECT_THAT(error_of(resolve_under(kCeilings, pod)), HasSubstr("vm.maxMemory: annotation io.kubernetes.cri.sandbox-memory"));
}

TEST(Escalate, ASizeThatNobodyAskedForKeepsToTheCeiling) {
  EXPECT_EQ(resolve_under(R"("maxMemory":{"value":"256Mi","reason":"r"})", vm_spec())->machine->memory, uint64_t{256} << 20);
  EXPECT_THAT(error_of(resolve_under(R"("maxMemory":{"value":"64Mi","reason":"r"})", vm_spec())),
              HasSubstr("vm.maxMemory: node.json:1 allows 64Mi, and no machine comes up with less than 128Mi"));
}

TEST(Escalate, WithClampTheCeilingTakesItsPlaceWithAWarning) {
  const Result<plan::Plan> plan =
      resolve_under(concat(kCeilings, R"(},"node":{"onConflict":{"value":"clamp","reason":"r"})"), asking("io.redoubt.vm.memory", "8Gi"));
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  EXPECT_EQ(plan->machine->memory, uint64_t{1} << 30);
  ASSERT_EQ(plan->warnings.size(), 1U);
  EXPECT_THAT(plan->warnings.front(), HasSubstr("asks for 8Gi, node.json:1 allows 1Gi; the tighter value is used"));
}

// The node lets privileged containers do what they like on its kernel; a machine is made of what it says.
TEST(Escalate, APrivilegedContainerChoosesNeitherMachineNorSize) {
  oci::Spec spec = asking("io.redoubt.vm.memory", "8Gi");
  spec.linux_->seccomp.reset();
  std::vector<std::string>& every = spec.process->capabilities.emplace().bounding.emplace();
  for (const std::string_view name : plan::capability_names()) {
    every.emplace_back(name);
  }
  const std::string vm = concat(kCeilings, R"(,"image":{"value":"/srv/image","reason":"r"})");
  EXPECT_THAT(error_of(resolve_under(vm, spec)), HasSubstr("vm.maxMemory: annotation io.redoubt.vm.memory asks for 8Gi"));
  spec.annotations["io.redoubt.vm.memory"] = "1Gi";
  const Result<plan::Plan> plan = resolve_under(vm, spec);
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  EXPECT_TRUE(plan->hardening.privileged);
  EXPECT_EQ(plan->machine->image, "/srv/image");
}

TEST(Escalate, AbsurdSizesAreRefusedWithoutACeilingToo) {
  EXPECT_THAT(error_of(resolve_vm(asking("io.redoubt.vm.memory", "9999999Gi"))), HasSubstr("a machine can have at most 16384Gi"));
  oci::Spec pod = asking("io.kubernetes.cri.sandbox-memory", "18446744073709551615");
  pod.annotations["io.kubernetes.cri.container-type"] = "sandbox";
  EXPECT_THAT(error_of(resolve_vm(pod)), HasSubstr("a machine can have at most 16384Gi"));
  oci::Spec limited = vm_spec();
  limited.linux_->resources.emplace().memory.emplace().limit = INT64_MAX;
  EXPECT_THAT(error_of(resolve_vm(limited)), HasSubstr("a machine can have at most 16384Gi"));
  limited.linux_->resources->memory.reset();
  limited.linux_->resources->cpu.emplace().quota = INT64_MAX;
  EXPECT_THAT(error_of(resolve_vm(limited)), HasSubstr("a machine can have at most 1024"));
}

// A container's own limit always fits the machine that was made for it.
TEST(Escalate, AMachineHasRoomForTheLimitItWasMadeForAndSaysWhatIsTooMuch) {
  oci::Spec spec = vm_spec();
  oci::Resources& resources = spec.linux_->resources.emplace();
  for (const int64_t limit : {int64_t{64} << 20, int64_t{256} << 20, int64_t{1000000007}, int64_t{7} << 30}) {
    resources.memory.emplace().limit = limit;
    const Result<plan::Plan> plan = resolve_vm(spec);
    ASSERT_TRUE(plan.has_value());
    EXPECT_TRUE(check_fits_machine(resources, *plan->machine)) << limit;
    oci::Resources more;
    more.memory.emplace().limit = limit + (int64_t{64} << 20);
    const Status refused = check_fits_machine(more, *plan->machine);
    ASSERT_FALSE(refused.has_value()) << limit;
    EXPECT_THAT(refused.error().message(), HasSubstr("io.redoubt.vm.memory"));
  }
  plan::Machine small;
  small.memory = 128 << 20;
  oci::Resources unified;
  unified.unified = {{"memory.max", "134217728"}};
  EXPECT_FALSE(check_fits_machine(unified, small).has_value());
  unified.unified = {{"memory.max", "max"}};
  EXPECT_TRUE(check_fits_machine(unified, small).has_value());
}

TEST(Escalate, TheNodeNamesItsProgramsAndNobodyElse) {
  const Result<Document> node = read_document(
      node_text(R"(,"vm":{"accelerator":{"value":"tcg","reason":"r"},"vmm":{"value":"/opt/qemu","reason":"r"}})"),
      "node.json",
      {.kind = DocumentKind::kNodePolicy});
  ASSERT_TRUE(node.has_value()) << node.error().message();
  const plan::Machine machine = node_machine(*node);
  EXPECT_TRUE(machine.emulated);
  EXPECT_EQ(machine.vmm, "/opt/qemu");
  EXPECT_EQ(machine.virtiofsd, "/usr/libexec/virtiofsd");
}

TEST(Escalate, TheNodeNamesTheImageAndTheTimeOfSilence) {
  Document node;
  EXPECT_EQ(machine_rules(node).image_digest, "");
  EXPECT_EQ(machine_rules(node).watchdog, 60U);
  node[Field::kVmAccelerator].present = true;  // tcg
  EXPECT_EQ(machine_rules(node).watchdog, 300U);
  node[Field::kVmWatchdog].present = true;
  node[Field::kVmWatchdog].number = 5;
  node[Field::kVmImageDigest].present = true;
  node[Field::kVmImageDigest].text = "sha256:00";
  EXPECT_EQ(machine_rules(node).watchdog, 5U);
  EXPECT_EQ(machine_rules(node).image_digest, "sha256:00");
}

}  // namespace
}  // namespace redoubt::policy
