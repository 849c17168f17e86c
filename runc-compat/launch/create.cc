// create and run: claim the id, write the intent, make the cgroup, launch the session, record the
// container.
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "runc-compat/launch/console_socket.h"
#include "runc-compat/launch/container.h"
#include "runc-compat/launch/destroy.h"
#include "runc-compat/launch/hooks.h"
#include "runc-compat/launch/launch.h"
#include "runc-compat/launch/notify_socket.h"
#include "runc-compat/launch/pid_file.h"
#include "runc-compat/launch/seccomp_listener.h"
#include "runc-compat/launch/session.h"
#include "runc-compat/launch/signal_forward.h"
#include "runc-compat/launch/terminal_relay.h"
#include "runc-compat/state/container_dir.h"
#include "runc-compat/state/record.h"
#include "sandbox/cgroup.h"
#include "sandbox/idmap.h"
#include "sandbox/intel_rdt.h"
#include "sandbox/net_device.h"
#include "sandbox/process_identity.h"

namespace redoubt::launch {
namespace {

// A container under construction. Dropped before keep(), it undoes everything: process, cgroup,
// state directory.
class Construction {
 public:
  Construction(Container container, state::ContainerDir dir)
      : container_(std::move(container)), dir_(std::move(dir)) {}
  Construction(Construction&&) = default;
  Construction& operator=(Construction&&) = delete;
  Construction(const Construction&) = delete;
  Construction& operator=(const Construction&) = delete;
  ~Construction() { discard(); }

  static Result<Construction> begin(const CreateOptions& options);
  Status launch(const CreateOptions& options, init::SessionKind kind);

  const plan::Plan& plan() const { return container_.plan; }
  state::ContainerDir& dir() { return *dir_; }
  const state::Record& record() const { return record_; }
  Session& session() { return *session_; }
  NotifySocket* notify() { return notify_ ? &*notify_ : nullptr; }
  void keep();

 private:
  Status write_intent(const CreateOptions& options);
  Status make_cgroup();
  Status make_fifo();
  Status prepare_notify();
  Status on_pid(pid_t pid, int pidfd, bool in_cgroup, const CreateOptions& options);
  Status on_ready(const CreateOptions& options);
  void discard();

  Container container_;
  std::optional<state::ContainerDir> dir_;
  state::Record record_;
  PassedDescriptors passed_;
  std::optional<sandbox::CgroupScope> scope_;
  std::optional<Session> session_;
  std::optional<NotifySocket> notify_;
  std::string notify_directory_;
  UniqueFd fifo_;
};

Status check_terminal_options(const CreateOptions& options,
                              const plan::Plan& plan,
                              init::SessionKind kind) {
  const bool detaches = kind == init::SessionKind::kCreate || options.detach;
  const bool terminal = plan.process.terminal;
  if (terminal && detaches && options.console_socket.empty()) {
    return Error::invalid("cannot allocate tty if runc will detach without setting console socket");
  }
  if (!options.console_socket.empty() && (!detaches || !terminal)) {
    return Error::invalid("cannot use console socket if runc will not detach or allocate tty");
  }
  return {};
}

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

Result<Construction> Construction::begin(const CreateOptions& options) {
  TRY_ASSIGN(PassedDescriptors passed, pass_descriptors(options.preserve_fds));
  TRY_ASSIGN(const std::string bundle, enter_bundle(options.bundle));
  TRY_ASSIGN(Container container, resolve_bundle(options, bundle));
  const bool detached_only =
      container.plan.seccomp && !container.plan.seccomp->listener_path.empty();
  if (detached_only) {
    TRY(check_seccomp_listener_path(container.plan.seccomp->listener_path));
  }
  TRY_ASSIGN(state::ContainerDir dir, state::ContainerDir::claim(options.runtime.root, options.id));
  Construction construction(std::move(container), std::move(dir));
  construction.passed_ = std::move(passed);
  TRY(construction.write_intent(options));
  return construction;
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
  record_.shares_pid_namespace = plan.find_namespace(plan::NamespaceType::kPid) == nullptr;
  record_.cgroup_path = plan.cgroup.path;
  record_.annotations = plan.annotations;
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
  return write_all(config.get(), container_.config_text, state::kConfigFile);
}

Status Construction::make_cgroup() {
  const plan::Plan& plan = container_.plan;
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
// writes.
Status Construction::make_fifo() {
  if (::mkfifoat(dir_->fd(), state::kExecFifo, 0622) != 0) {
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
  const plan::Plan& plan = container_.plan;
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

constexpr std::pair<plan::NamespaceType, std::pair<const char*, const char*>> kNamespaceKeys[] = {
    {plan::NamespaceType::kCgroup, {"NEWCGROUP", "cgroup"}},
    {plan::NamespaceType::kIpc, {"NEWIPC", "ipc"}},
    {plan::NamespaceType::kMount, {"NEWNS", "mnt"}},
    {plan::NamespaceType::kNetwork, {"NEWNET", "net"}},
    {plan::NamespaceType::kPid, {"NEWPID", "pid"}},
    {plan::NamespaceType::kTime, {"NEWTIME", "time"}},
    {plan::NamespaceType::kUser, {"NEWUSER", "user"}},
    {plan::NamespaceType::kUts, {"NEWUTS", "uts"}},
};

// Before init goes on to the user's program: a create that dies later leaves a container that
// delete knows.
Status Construction::on_ready(const CreateOptions& options) {
  (void)options;
  for (const auto& [type, names] : kNamespaceKeys) {
    record_.namespace_paths[names.first] = concat("/proc/", record_.init_pid, "/ns/", names.second);
  }
  record_.phase = state::Record::Phase::kCreated;
  return dir_->save(record_);
}

Status Construction::launch(const CreateOptions& options, init::SessionKind kind) {
  TRY(prepare_notify());
  TRY(make_cgroup());
  if (kind == init::SessionKind::kCreate) {
    TRY(make_fifo());
  } else if (!notify_directory_.empty()) {
    TRY_ASSIGN(notify_, NotifySocket::bind(dir_->fd(), ::getenv("NOTIFY_SOCKET")));
  }
  SessionRequest request{container_.plan, container_.host};
  request.kind = kind;
  TRY_ASSIGN(request.joins, open_namespaces(container_.plan));
  request.passed = passed_;
  request.fifo_fd = fifo_.get();
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
  if (scope_) {
    scope_->commit();
  }
  scope_.reset();
  if (dir_) {
    dir_->unlock();
  }
  session_.reset();
  dir_.reset();
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

Status poststart(Construction& construction) {
  const plan::Plan& plan = construction.plan();
  const std::vector<plan::Hook>& hooks = plan.hooks_of(plan::HookKind::kPoststart);
  if (hooks.empty()) {
    return {};
  }
  return run_hooks(plan::HookKind::kPoststart,
                   hooks,
                   json::dump(state_document(plan, "running", construction.record().init_pid)));
}

Status after_start(Construction& construction) {
  const plan::Plan& plan = construction.plan();
  if (!plan.hooks_of(plan::HookKind::kStartContainer).empty()) {
    TRY(construction.session().await_execve(plan));
  }
  return poststart(construction);
}

Result<int> run_detached(Construction& construction) {
  if (NotifySocket* notify = construction.notify()) {
    TRY(notify->wait_ready(construction.session().pidfd(), construction.record().init_pid));
  }
  construction.keep();
  return 0;
}

Result<int> run_foreground(const CreateOptions& options,
                           Construction& construction,
                           const SignalForward& signals,
                           UniqueFd terminal) {
  std::optional<TerminalRelay> relay;
  if (construction.plan().process.terminal) {
    TRY_ASSIGN(relay,
               TerminalRelay::create(std::move(terminal), construction.session().take_console()));
    relay->resize();
  }
  const pid_t pid = construction.record().init_pid;
  const UniqueFd pidfd(::fcntl(construction.session().pidfd(), F_DUPFD_CLOEXEC, 3));
  NotifySocket* notify = construction.notify();
  construction.dir().unlock();
  TRY_ASSIGN(const int status, wait_foreground(signals, pidfd.get(), pid, relay, notify));
  relay.reset();
  if (options.keep) {
    construction.keep();
    return status;
  }
  state::ContainerDir dir = std::move(construction.dir());
  const state::Record record = construction.record();
  construction.keep();
  Status locked = dir.lock();
  if (locked) {
    locked = destroy_container(dir, record);
  }
  if (!locked && !state::is_missing(locked.error())) {
    return std::move(locked).error();
  }
  return status;
}

}  // namespace

Status create_container(const CreateOptions& options) {
  TRY_ASSIGN(Construction construction, Construction::begin(options));
  TRY(check_terminal_options(options, construction.plan(), init::SessionKind::kCreate));
  TRY(construction.launch(options, init::SessionKind::kCreate)
          .context("unable to start container process"));
  TRY(write_pid_file(options.pid_file, construction.record().init_pid));
  construction.keep();
  return {};
}

Result<int> run_container(const CreateOptions& options) {
  TRY_ASSIGN(Construction construction, Construction::begin(options));
  TRY(check_terminal_options(options, construction.plan(), init::SessionKind::kRun));
  UniqueFd terminal;
  std::optional<SignalForward> signals;
  if (!options.detach) {
    if (construction.plan().process.terminal) {
      TRY_ASSIGN(terminal, TerminalRelay::open_host_terminal());
    }
    TRY_ASSIGN(SignalForward forward, SignalForward::create());
    signals.emplace(std::move(forward));
    if (!options.no_subreaper) {
      ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    }
  }
  TRY(construction.launch(options, init::SessionKind::kRun)
          .context("unable to start container process"));
  TRY(write_pid_file(options.pid_file, construction.record().init_pid));
  TRY(after_start(construction));
  if (options.detach) {
    return run_detached(construction);
  }
  return run_foreground(options, construction, *signals, std::move(terminal));
}

}  // namespace redoubt::launch
