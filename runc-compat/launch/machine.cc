#include "runc-compat/launch/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json.h"
#include "base/str.h"
#include "escalate-vm/host/image.h"
#include "escalate-vm/host/inner_config.h"
#include "escalate-vm/host/machine_layout.h"
#include "escalate-vm/host/outer_plan.h"
#include "escalate-vm/host/task.h"
#include "oci/process_json.h"
#include "plan/rlimit_names.h"
#include "policy/escalate.h"
#include "runc-compat/launch/policy_files.h"

namespace redoubt::launch {
namespace {

Result<UniqueFd> sealed_task(const json::Value& task) {
  UniqueFd fd(::memfd_create("redoubt-vm-task", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) {
    return Error::system(errno, "memfd_create for the task of redoubt-vm");
  }
  TRY(write_all(fd.get(), json::dump(task), "task of redoubt-vm"));
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
    return Error::system(errno, "seal the task of redoubt-vm");
  }
  return fd;
}

// Profiles reach the guest as documents and not as the bytes that were signed: whether they are to be
// taken was decided here.
void drop_signed_by(json::Value& node) {
  for (json::Member& section : node.as_object()) {
    if (section.key == "node") {
      std::erase_if(section.value.as_object(),
                    [](const json::Member& member) { return member.key == "signedBy"; });
    }
  }
}

// The documents of the policy that the container is under, for the guest's redoubt to read as its
// node's; null: the built-in profile alone.
Result<json::Value> policy_documents(const std::string& copy) {
  json::Value out;
  if (copy.empty()) {
    return out;
  }
  TRY_ASSIGN(const json::Value files, json::parse(copy, kPolicyFile));
  if (const json::Value* node = files.find("node")) {
    TRY_ASSIGN(json::Value document,
               json::parse(node->find("text")->as_string(), node->find("source")->as_string()));
    drop_signed_by(document);
    out.set("config", std::move(document));
  }
  json::Value profiles{json::Object()};
  for (const json::Member& profile : files.find("profiles")->as_object()) {
    TRY_ASSIGN(json::Value document,
               json::parse(profile.value.find("text")->as_string(), profile.key));
    profiles.set(profile.key, std::move(document));
  }
  out.set("profiles", std::move(profiles));
  return out;
}

std::vector<plan::Rlimit> own_rlimits() {
  std::vector<plan::Rlimit> limits;
  for (const plan::NamedNumber& row : plan::rlimit_names()) {
    const int resource = static_cast<int>(row.number);
    rlimit64 value{};
    if (::syscall(SYS_prlimit64, 0, resource, nullptr, &value) == 0) {
      limits.push_back({resource, value.rlim_cur, value.rlim_max});
    }
  }
  return limits;
}

}  // namespace

Status check_machine_session(const PassedDescriptors& passed) {
  if (passed.count != 0) {
    return Error::unsupported(
        "--preserve-fds and LISTEN_FDS: descriptors cannot be handed into a virtual machine (isolation \"vm\")");
  }
  const char* notify = ::getenv("NOTIFY_SOCKET");
  if (notify != nullptr && *notify != '\0') {
    return Error::unsupported(
        "NOTIFY_SOCKET: a virtual machine (isolation \"vm\") cannot reach it; unset it (podman: --sdnotify=conmon)");
  }
  return {};
}

Result<plan::Plan> make_machine_plan(const plan::Plan& plan, const state::ContainerDir& dir) {
  if (::mkdirat(dir.fd(), vm::kMachineDirectory, 0755) != 0 && errno != EEXIST) {
    return Error::system(errno, concat("mkdir ", dir.path(), "/", vm::kMachineDirectory));
  }
  const std::string root = concat(dir.path(), "/", vm::kMachineDirectory);
  if (plan.machine->sandbox.empty()) {
    return vm::outer_plan(plan, root);
  }
  return vm::member_plan(plan, root, concat(dir.root(), "/", plan.machine->sandbox, "/", vm::kMachineDirectory, "/", vm::kExecSocket));
}

Result<UniqueFd> make_machine_task(const Container& container, const std::string& root) {
  constexpr uint64_t kMilliseconds = 1000;
  const plan::Machine& machine = *container.plan.machine;
  const policy::MachineRules rules = policy::machine_rules(container.policy.document);
  TRY_ASSIGN(vm::ImageIdentity image,
             vm::verify_image(machine.image, rules.image_digest, concat(root, "/@machine")));
  TRY_ASSIGN(json::Value config, json::parse(container.config_text, "config.json"));
  TRY_ASSIGN(json::Value policy, policy_documents(container.policy_copy));
  vm::MachineTask task;
  task.id = container.plan.id;
  task.emulated = machine.emulated;
  task.memory = machine.memory;
  task.vcpus = machine.vcpus;
  task.watchdog_ms = rules.watchdog * kMilliseconds;
  task.image = std::move(image);
  task.vmm_user = vm::vmm_user(task.id);
  task.terminal = container.plan.process.terminal;
  task.config = vm::inner_config(std::move(config), container.plan, own_rlimits());
  task.policy = std::move(policy);
  return sealed_task(vm::to_json(task));
}

Result<UniqueFd> make_machine_task(const std::string& id, const oci::Process& process) {
  return sealed_task(vm::to_json(
      vm::ExecTask{id, process.terminal, vm::inner_process(oci::process_to_json(process), own_rlimits())}));
}

}  // namespace redoubt::launch
