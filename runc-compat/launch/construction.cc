#include "runc-compat/launch/construction.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "base/io.h"
#include "base/str.h"
#include "plan/namespace_names.h"
#include "runc-compat/launch/console_socket.h"
#include "runc-compat/launch/container.h"
#include "runc-compat/launch/destroy.h"
#include "runc-compat/launch/hooks.h"
#include "runc-compat/launch/launch.h"
#include "runc-compat/launch/machine.h"
#include "runc-compat/launch/notify_socket.h"
#include "runc-compat/launch/pod.h"
#include "runc-compat/launch/policy_files.h"
#include "runc-compat/launch/recorder.h"
#include "runc-compat/launch/recording_document.h"
#include "runc-compat/launch/seccomp_listener.h"
#include "runc-compat/launch/session.h"
#include "runc-compat/state/container_dir.h"
#include "runc-compat/state/record.h"
#include "sandbox/cgroup.h"
#include "sandbox/idmap.h"
#include "sandbox/intel_rdt.h"
#include "sandbox/net_device.h"
#include "sandbox/process_identity.h"

namespace redoubt::launch {
namespace {

Result<std::string> working_directory() {
  char buffer[4096];
  if (::getcwd(buffer, sizeof buffer) == nullptr) {
    return Error::system(errno, "getcwd");
  }
  return std::string(buffer);
}

Result<std::string> enter_bundle(const std::string& bundle) {
  if (::chdir(bundle.c_str()) != 0) {
    return Error::system(errno, concat("chdir ", bundle));
  }
  return working_directory();
}

std::map<std::string, std::string> policy_record(const plan::Hardening& hardening) {
  std::map<std::string, std::string> record;
  if (hardening.profile.empty()) {
    return record;
  }
  record["profile"] = hardening.profile;
  record["mode"] = hardening.privileged ? "privileged" : hardening.mode;
  for (const plan::LayerState& layer : hardening.layers) {
    record[layer.layer] = layer.level;
  }
  return record;
}

}  // namespace

Result<std::unique_ptr<Construction>> Construction::begin(const CreateOptions& options) {
  TRY_ASSIGN(PassedDescriptors passed, pass_descriptors(options.preserve_fds));
  TRY_ASSIGN(const std::string bundle, enter_bundle(options.bundle));
  NamespacesAhead ahead;
  TRY_ASSIGN(Container container, resolve_bundle(options, bundle, BpfSet::kEnsure, &ahead));
  const std::optional<plan::Seccomp>& seccomp = container.plan.seccomp;
  if (seccomp && !seccomp->listener_path.empty()) {
    TRY(check_seccomp_listener_path(seccomp->listener_path));
  }
  TRY_ASSIGN(state::ContainerDir dir, state::ContainerDir::claim(options.runtime.root, options.id));
  std::unique_ptr<Construction> construction(
      new Construction(std::move(container), std::move(dir), std::move(passed), std::move(ahead)));
  TRY(construction->prepare_machine(options.runtime.root));
  TRY(construction->write_intent(options));
  return construction;
}

// The processes on the host are those of the machine, by a Plan of their own.
Status Construction::prepare_machine(const std::string& root) {
  if (!container_.plan.machine) {
    return {};
  }
  TRY(check_machine_session(passed_));
  TRY_ASSIGN(outer_, make_machine_plan(container_.plan, *dir_));
  TRY_ASSIGN(machine_task_, make_machine_task(container_, root));
  return {};
}

// Everything that delete needs to undo a create that dies from here on.
Status Construction::write_intent(const CreateOptions& options) {
  const plan::Plan& plan = container_.plan;
  record_.id = options.id;
  record_.bundle = plan.bundle;
  record_.rootfs = plan.rootfs.path;
  record_.created = state::timestamp_now();
  record_.owner_uid = ::geteuid();
  record_.systemd_cgroup = options.runtime.systemd_cgroup;
  record_.rootless = plan.rootless;
  // A joined one counts: a pod's other container is its init, not ours.
  record_.shares_pid_namespace = !host_plan().creates(plan::NamespaceType::kPid);
  record_.cgroup_path = plan.cgroup.path;
  record_.annotations = plan.annotations;
  record_.policy = policy_record(plan.hardening);
  if (plan.machine && !plan.machine->sandbox.empty()) {
    record_.policy[kSandboxKey] = plan.machine->sandbox;
  }
  TRY_ASSIGN(record_.boot_id, sandbox::read_boot_id());
  TRY_ASSIGN(const sandbox::ProcessIdentity self, sandbox::identity_of(::getpid()));
  record_.creator_pid = self.pid;
  record_.creator_start_time = self.start_time;
  if (plan.cgroup.driver == plan::CgroupDriver::kFilesystem) {
    TRY_ASSIGN(const sandbox::CgroupHierarchy hierarchy, sandbox::find_cgroup_hierarchy());
    TRY_ASSIGN(const sandbox::ProcCgroups own, sandbox::read_own_cgroups());
    record_.cgroup_directory =
        sandbox::cgroup_directory_for(hierarchy.mount, own.path, plan.cgroup.path, options.id);
  }
  TRY(dir_->save(record_));
  TRY_ASSIGN(
      const UniqueFd config,
      open_at(dir_->fd(), state::kConfigFile, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600));
  TRY(write_all(config.get(), container_.config_text, state::kConfigFile));
  if (container_.policy_copy.empty()) {
    return {};
  }
  TRY_ASSIGN(const UniqueFd policy,
             open_at(dir_->fd(), kPolicyFile, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600));
  return write_all(policy.get(), container_.policy_copy, kPolicyFile);
}

// Before anything is started: what the container does is seen from its first instruction.
Status Construction::begin_recording() {
  const std::optional<plan::RecordingTarget>& target = container_.plan.hardening.recording;
  if (!target) {
    return {};
  }
  const std::vector<std::string> command =
      container_.spec.process ? container_.spec.process->args : std::vector<std::string>();
  TRY_ASSIGN(const sandbox::ProcessIdentity recorder,
             start_recorder(*target, *dir_, begin_run(command, container_.plan.annotations)));
  record_.recorder_pid = recorder.pid;
  record_.recorder_start_time = recorder.start_time;
  return {};
}

Status Construction::make_cgroup() {
  const plan::Plan& plan = host_plan();
  sandbox::CgroupRequest request{plan.cgroup, plan.id, plan.rootless, true, std::nullopt};
  if (plan.cgroup.delegate) {
    const std::optional<uint32_t> owner =
        plan.id_maps.uid.empty() ? plan.process.uid
                                 : sandbox::map_to_host(plan.id_maps.uid, plan.process.uid);
    request.delegate_uid = owner;
  }
  TRY_ASSIGN(scope_, sandbox::CgroupScope::create(request));
  record_.cgroup_directory = scope_->directory();
  record_.cgroup_unit = scope_->unit();
  struct stat st {};
  if (scope_->clone_fd() >= 0 && ::fstat(scope_->clone_fd(), &st) == 0) {
    record_.cgroup_inode = st.st_ino;
  }
  return dir_->save(record_);
}

// The fifo is opened for both directions: init's read then neither fails nor ends before `start`
// writes, and nobody else needs to open it: whoever may write to it could start the container.
Status Construction::make_fifo() {
  if (::mkfifoat(dir_->fd(), state::kExecFifo, 0600) != 0) {
    return Error::system(errno, "mkfifo exec.fifo");
  }
  TRY_ASSIGN(fifo_, open_at(dir_->fd(), state::kExecFifo, O_RDWR | O_NOFOLLOW));
  return {};
}

Status Construction::prepare_notify() {
  const char* address = ::getenv("NOTIFY_SOCKET");
  if (address == nullptr || *address == '\0') {
    return {};
  }
  TRY(make_notify_directory(dir_->fd()));
  notify_directory_ = concat(dir_->path(), "/", kNotifyDirectory);
  passed_.env.emplace_back(kNotifyEnvironment);
  return {};
}

Status Construction::on_pid(pid_t pid, int pidfd, bool in_cgroup, const CreateOptions& options) {
  const plan::Plan& plan = host_plan();
  if (!in_cgroup) {
    TRY(scope_->attach(pid));
    record_.cgroup_directory = scope_->directory();
    struct stat st {};
    if (!record_.cgroup_directory.empty() && ::stat(record_.cgroup_directory.c_str(), &st) == 0) {
      record_.cgroup_inode = st.st_ino;
    }
  }
  if (plan.intel_rdt) {
    TRY_ASSIGN(record_.intel_rdt_path, sandbox::join_intel_rdt(*plan.intel_rdt, plan.id, pid));
  }
  if (!plan.net_devices.empty()) {
    TRY_ASSIGN(const UniqueFd netns, open_at(AT_FDCWD, concat("/proc/", pid, "/ns/net"), O_RDONLY));
    for (const auto& [host_name, name] : plan.net_devices) {
      TRY(sandbox::move_net_device(host_name, netns.get(), name));
    }
  }
  if (!options.pidfd_socket.empty()) {
    TRY(send_pidfd(options.pidfd_socket, pidfd, PidfdKind::kInit));
  }
  TRY_ASSIGN(const sandbox::ProcessIdentity init, sandbox::identity_of(pid));
  record_.init_pid = init.pid;
  record_.init_start_time = init.start_time;
  return {};
}

// Before init goes on to the user's program: a create that dies later leaves a container that
// delete knows.
Status Construction::on_ready(const CreateOptions& options) {
  (void)options;
  if (container_.plan.machine && !container_.plan.machine->sandbox.empty()) {
    TRY(share_files(*dir_, record_));
  }
  // The keys are those that runc's readers know: "NEWNET", and "NEWNS" for mounts.
  for (const plan::NamespaceName& ns : plan::namespace_names()) {
    const std::string key =
        ns.type == plan::NamespaceType::kMount ? "NEWNS" : concat("NEW", to_upper(ns.proc_name));
    record_.namespace_paths[key] = concat("/proc/", record_.init_pid, "/ns/", ns.proc_name);
  }
  if (record_.cgroup_inode == 0) {
    // Without a cgroup the pid is all that leads to the processes: the former record knows it, too.
    TRY(dir_->save(record_));
  }
  record_.phase = state::Record::Phase::kCreated;
  return dir_->save(record_);
}

Status Construction::launch(const CreateOptions& options, init::SessionKind kind) {
  TRY(prepare_notify());
  TRY(begin_recording());
  TRY(make_cgroup());
  if (kind == init::SessionKind::kCreate) {
    TRY(make_fifo());
  } else if (!notify_directory_.empty()) {
    TRY_ASSIGN(notify_, NotifySocket::bind(dir_->fd(), ::getenv("NOTIFY_SOCKET")));
  }
  SessionRequest request{host_plan(), container_.host};
  request.kind = kind;
  TRY_ASSIGN(request.joins, open_namespaces(host_plan(), container_.host));
  request.passed = passed_;
  request.fifo_fd = fifo_.get();
  request.ahead = &ahead_;
  request.machine_fd = machine_task_.get();
  request.open_memory_limit = [this]() {
    Result<UniqueFd> limit = open_at(AT_FDCWD, concat(scope_->directory(), "/memory.max"), O_WRONLY);
    return limit ? *std::move(limit) : UniqueFd();
  };
  request.cgroup_fd = scope_->clone_fd();
  request.cgroup_directory = scope_->directory();
  request.notify_directory = notify_directory_;
  request.seccomp_cache = seccomp_cache_directory(options.runtime.root);
  request.console_socket = options.console_socket;
  request.state_document = [this](std::string_view status, pid_t pid) {
    return state_document(container_.plan, status, pid);
  };
  request.on_pid = [&](pid_t pid, int pidfd, bool in_cgroup) {
    return on_pid(pid, pidfd, in_cgroup, options);
  };
  request.on_mounts_ready = [this]() -> Status {
    const std::string state =
        json::dump(state_document(container_.plan, "creating", record_.init_pid));
    TRY(run_hooks(
        plan::HookKind::kPrestart, container_.plan.hooks_of(plan::HookKind::kPrestart), state));
    return run_hooks(plan::HookKind::kCreateRuntime,
                     container_.plan.hooks_of(plan::HookKind::kCreateRuntime),
                     state);
  };
  request.on_ready = [&]() { return on_ready(options); };
  TRY_ASSIGN(session_, Session::launch(request));
  fifo_.reset();
  return {};
}

void Construction::keep() {
  state::ContainerDir dir = release();
  dir.unlock();
}

state::ContainerDir Construction::release() {
  if (scope_) {
    scope_->commit();
  }
  state::ContainerDir dir = std::move(*dir_);
  dir_.reset();
  return dir;
}

void Construction::discard() {
  if (!dir_) {
    return;
  }
  if (session_) {
    session_->kill();
  }
  session_.reset();
  ignore(destroy_container(*dir_, record_), "the failure that led here is the one to report");
  if (scope_) {
    scope_->commit();  // destroy_container has taken it away
  }
}

}  // namespace redoubt::launch
