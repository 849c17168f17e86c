#include "runc-compat/launch/pod.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/io.h"
#include "base/str.h"
#include "escalate-vm/host/machine_layout.h"
#include "plan/namespace_names.h"
#include "policy/escalate.h"
#include "policy/pod.h"
#include "runc-compat/state/status.h"
#include "sandbox/mount_transfer.h"

namespace redoubt::launch {
namespace {

Result<state::Record> load(const std::string& root, const std::string& id) {
  TRY_ASSIGN(const state::ContainerDir dir, state::ContainerDir::open(root, id));
  return dir.load();
}

bool is_same_file(const std::string& a, const std::string& b) {
  struct stat one {};
  struct stat other {};
  return ::stat(a.c_str(), &one) == 0 && ::stat(b.c_str(), &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

// Engines name them by the sandbox's pid, or by a file that they are bound to.
std::vector<std::string> namespaces_of(const state::Record& sandbox, const oci::Spec& spec) {
  std::vector<std::string> found;
  for (const oci::Namespace& ns : spec.linux_ ? spec.linux_->namespaces : std::vector<oci::Namespace>()) {
    for (const plan::NamespaceName& name : plan::namespace_names()) {
      if (!ns.path.empty() && is_same_file(ns.path, concat("/proc/", sandbox.init_pid, "/ns/", name.proc_name))) {
        found.push_back(ns.path);
      }
    }
  }
  return found;
}

// The process in "/proc/PID/ns/NAME"; 0: another path.
pid_t process_of(std::string_view path) {
  constexpr std::string_view kProc = "/proc/";
  const size_t end = path.find("/ns/");
  return path.starts_with(kProc) && end != std::string_view::npos
             ? parse_number<pid_t>(path.substr(kProc.size(), end - kProc.size())).value_or(0)
             : 0;
}

// Whether it may be a container's process in a machine: those never call themselves anything else. Spares all others
// the reading of every record.
bool is_monitor(pid_t pid) {
  const Result<std::string> name = read_kernel_file_at(AT_FDCWD, concat("/proc/", pid, "/comm"));
  return name && trim(*name) == vm::kMonitorName;
}

// Podman's pods, and "--network container:": no annotation says it, but a namespace is that of a container in a
// machine.
Result<std::string> joined_machine(const std::string& root, const oci::Spec& spec) {
  std::vector<pid_t> processes;
  for (const oci::Namespace& ns : spec.linux_ ? spec.linux_->namespaces : std::vector<oci::Namespace>()) {
    if (const pid_t pid = process_of(ns.path); pid != 0 && is_monitor(pid)) {
      processes.push_back(pid);
    }
  }
  if (processes.empty()) {
    return std::string();
  }
  const Result<state::StateRoot> opened = state::StateRoot::open(root);
  const Result<std::vector<std::string>> ids = opened ? opened->ids() : opened.error();
  for (const std::string& id : ids ? *ids : std::vector<std::string>()) {
    const Result<state::ContainerDir> dir = opened->container(id);
    const Result<state::Record> record = dir ? dir->load() : dir.error();
    const bool joined = record && std::find(processes.begin(), processes.end(), record->init_pid) != processes.end();
    if (joined && is_in_machine(*record)) {
      const std::string owner = sandbox_of(*record);
      return owner.empty() ? id : owner;
    }
  }
  return std::string();
}

}  // namespace

bool is_in_machine(const state::Record& record) {
  return record.policy.contains(std::string(policy::kMachineLayer));
}

Result<plan::PodSandbox> probe_sandbox(const std::string& root, const oci::Spec& spec) {
  plan::PodSandbox sandbox;
  sandbox.id = policy::pod_sandbox_of(spec.annotations);
  if (sandbox.id.empty()) {
    TRY_ASSIGN(sandbox.id, joined_machine(root, spec));
  }
  if (sandbox.id.empty()) {
    return sandbox;
  }
  Result<state::Record> record = load(root, sandbox.id);
  if (!record && state::is_missing(record.error())) {
    return sandbox;
  }
  if (!record) {
    return std::move(record).error().add_context("the pod's sandbox");
  }
  sandbox.is_machine = is_in_machine(*record) && sandbox_of(*record).empty();
  sandbox.namespaces = namespaces_of(*record, spec);
  return sandbox;
}

plan::PodSandbox recorded_sandbox(const oci::Spec& spec, const state::Record& record) {
  plan::PodSandbox sandbox;
  sandbox.id = sandbox_of(record);
  sandbox.is_machine = !sandbox.id.empty();
  for (const oci::Namespace& ns : spec.linux_ ? spec.linux_->namespaces : std::vector<oci::Namespace>()) {
    sandbox.namespaces.push_back(ns.path);
  }
  return sandbox;
}

std::string sandbox_of(const state::Record& record) {
  const auto found = record.policy.find(kSandboxKey);
  return found == record.policy.end() ? std::string() : found->second;
}

Status share_files(const state::ContainerDir& dir, const state::Record& member) {
  TRY_ASSIGN(const state::Record owner, load(dir.root(), sandbox_of(member)));
  TRY_ASSIGN(const sandbox::ProcessIdentity from, state::init_of(member));
  TRY_ASSIGN(const sandbox::ProcessIdentity to, state::init_of(owner));
  return sandbox::transfer_mounts(from, to, vm::kSharePath, member.id).context("the pod's machine");
}

Status unshare_files(const state::ContainerDir& dir, const state::Record& member) {
  const std::string id = sandbox_of(member);
  if (id.empty()) {
    return {};
  }
  const Result<state::Record> owner = load(dir.root(), id);
  if (!owner) {
    return state::is_missing(owner.error()) ? Status() : Status(owner.error());
  }
  const Result<sandbox::ProcessIdentity> process = state::init_of(*owner);
  if (!process) {
    return {};
  }
  const Status removed = sandbox::remove_mounts(*process, vm::kSharePath, member.id);
  return !removed && removed.error().err() == ESRCH ? Status() : removed;
}

}  // namespace redoubt::launch
