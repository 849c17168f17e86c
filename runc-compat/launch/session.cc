#include "runc-compat/launch/session.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "bpf/stage.h"
#include "init/image.h"
#include "plan/capability_names.h"
#include "runc-compat/launch/console_socket.h"
#include "runc-compat/launch/failure_text.h"
#include "runc-compat/launch/hooks.h"
#include "runc-compat/launch/seccomp_listener.h"
#include "runc-compat/launch/step_names.h"
#include "sandbox/idmap.h"
#include "sandbox/pidfd.h"
#include "sandbox/procfs.h"
#include "sandbox/seccomp.h"
#include "sandbox/terminal.h"

namespace redoubt::launch {
namespace {

// Stands in the state documents where init writes its own pid.
constexpr pid_t kPlaceholderPid = 2147483647;

// setgroups(2) is refused in a user namespace whose maps an unprivileged user wrote
// (user_namespaces(7)).
bool can_set_groups(const plan::HostFacts& host) {
  if (host.euid != 0) {
    return false;
  }
  if (!host.in_user_namespace) {
    return true;
  }
  Result<std::string> setting = read_kernel_file_at(AT_FDCWD, "/proc/self/setgroups");
  return !setting || trim(*setting) != "deny";
}

bool needs_procfs(const SessionRequest& request) {
  const plan::Plan& plan = request.plan;
  return !plan.sysctls.empty() || !plan.process.selinux_label.empty() ||
         !plan.process.apparmor_profile.empty() || plan.monotonic_offset || plan.boottime_offset;
}

Result<UniqueFd> open_procfs(const SessionRequest& request) {
  if (!needs_procfs(request)) {
    return UniqueFd();
  }
  return sandbox::open_private_procfs(request.plan.sysctls.empty() ? sandbox::ProcfsView::kProcesses
                                                                   : sandbox::ProcfsView::kFull);
}

// prlimit(2) on init: raising a hard limit needs privilege over the host, which init in a user
// namespace has not.
Status apply_rlimits(pid_t pid, const std::vector<plan::Rlimit>& rlimits) {
  for (const plan::Rlimit& limit : rlimits) {
    const rlimit64 value{limit.soft, limit.hard};
    if (::syscall(SYS_prlimit64, pid, limit.resource, &value, nullptr) != 0) {
      return Error::system(errno, concat("error setting rlimit type ", limit.resource));
    }
  }
  return {};
}

Status apply_oom_score(pid_t pid, const plan::Plan& plan) {
  if (!plan.process.oom_score_adj) {
    return {};
  }
  const std::string value = concat(*plan.process.oom_score_adj);
  Status status = write_kernel_file_at(AT_FDCWD, concat("/proc/", pid, "/oom_score_adj"), value);
  if (!status && plan.rootless) {
    return {};  // an unprivileged user cannot lower it; runc goes on as well
  }
  return std::move(status).context("process.oomScoreAdj");
}

struct Filters {
  sandbox::SeccompProgram own;
  std::vector<init::FloorFilter> floor;
};

Result<Filters> compile_filters(const SessionRequest& request) {
  Filters filters;
  const plan::Plan& plan = request.plan;
  if (!plan.seccomp && plan.seccomp_floor.empty()) {
    return filters;
  }
  std::vector<const plan::Seccomp*> in_order;
  for (const plan::Seccomp& filter : plan.seccomp_floor) {
    in_order.push_back(&filter);
  }
  if (plan.seccomp) {
    in_order.push_back(&*plan.seccomp);
  }
  sandbox::SeccompCompiler compiler(request.seccomp_cache);
  TRY_ASSIGN(std::vector<sandbox::SeccompProgram> programs,
             compiler.compile(in_order, plan.hardening.intents.reports_filters));
  if (plan.seccomp) {
    filters.own = std::move(programs.back());
    programs.pop_back();
  }
  for (sandbox::SeccompProgram& program : programs) {
    filters.floor.push_back({std::move(program.filter), program.flags});
  }
  return filters;
}

// A limit that set-up cannot run into.
bool spares_init(const plan::Rlimit& limit) {
  switch (limit.resource) {
    case RLIMIT_NOFILE:
      return limit.soft >= 1024;
    case RLIMIT_CORE:
    case RLIMIT_LOCKS:
    case RLIMIT_MEMLOCK:
    case RLIMIT_MSGQUEUE:
    case RLIMIT_NICE:
    case RLIMIT_NPROC:
    case RLIMIT_RTPRIO:
    case RLIMIT_SIGPENDING:
      return true;
    default:
      return false;
  }
}

// What complete() does needs the process's pid only, so it is done while init still mounts: then
// neither waits for the other. Not where it must come after something of init's (hooks see the state
// and run unconfined, a console has to be taken first) or would be in its way (a limit; the programs
// of BPF LSM, which judge a marked task's keys and namespaces at once).
bool can_complete_early(const SessionRequest& request) {
  const plan::Plan& plan = request.plan;
  const auto is_empty = [](const std::vector<plan::Hook>& hooks) { return hooks.empty(); };
  const plan::KernelIntents& intents = plan.hardening.intents;
  return std::all_of(plan.hooks.begin(), plan.hooks.end(), is_empty) &&
         intents.denied_surfaces.empty() && intents.audited_surfaces.empty() &&
         !intents.reports_filters && !intents.reports_files && !plan.process.terminal && request.machine_fd < 0 &&
         std::all_of(plan.process.rlimits.begin(), plan.process.rlimits.end(), spares_init);
}

// The state document for hooks that init runs; the pid is init's to fill in (init/prepare.h).
std::string hook_state(const SessionRequest& request, std::string_view status) {
  std::string text = json::dump(request.state_document(status, kPlaceholderPid));
  const std::string placeholder = concat("\"pid\":", kPlaceholderPid);
  const size_t at = text.find(placeholder);
  return at == std::string::npos
             ? text
             : text.replace(
                   at, placeholder.size(), concat("\"pid\":", std::string_view(init::kPidMark)));
}

void warn_of_ambient(const init::SyncMessage& message) {
  const uint64_t refused = parse_number<uint64_t>(message.item).value_or(0);
  for (const std::string& name : plan::capability_names_of(refused)) {
    log::warning(concat("can't raise ambient capability ", name, ": ", errno_text(message.err)));
  }
}

int reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) {
      return 0;
    }
  }
  return status;
}

bool was_oom_killed(const std::string& cgroup_directory) {
  if (cgroup_directory.empty()) {
    return false;
  }
  Result<std::string> events =
      read_kernel_file_at(AT_FDCWD, concat(cgroup_directory, "/memory.events"));
  if (!events) {
    return false;
  }
  for (const std::string& line : split(*events, '\n')) {
    if (line.starts_with("oom_kill ")) {
      return line != "oom_kill 0";
    }
  }
  return false;
}

}  // namespace

Result<Session> Session::launch(const SessionRequest& request) {
  Session session;
  session.reports_ready_ = !can_complete_early(request);
  TRY_ASSIGN(session.channel_, InitChannel::create());
  TRY_ASSIGN(const UniqueFd procfs, open_procfs(request));
  TRY_ASSIGN(Filters filters, compile_filters(request));
  const bool has_child_hooks = !request.plan.hooks_of(plan::HookKind::kCreateContainer).empty() ||
                               !request.plan.hooks_of(plan::HookKind::kStartContainer).empty();
  TRY_ASSIGN(const UniqueFd image, init::open_init_image());
  const std::vector<init::OpenNamespace> made =
      request.ahead != nullptr ? request.ahead->take(request.plan)
                               : std::vector<init::OpenNamespace>();
  init::PrepareRequest prepare{request.plan,
                               request.kind,
                               session.channel_.child_fd(),
                               procfs.get(),
                               request.fifo_fd,
                               std::move(filters.own.filter),
                               filters.own.flags,
                               filters.own.has_listener,
                               std::move(filters.floor),
                               request.joins,
                               request.host.euid == 0 && !request.host.in_user_namespace,
                               can_set_groups(request.host),
                               request.passed.count,
                               request.passed.env,
                               static_cast<uint32_t>(request.host.last_capability),
                               request.cgroup_directory,
                               request.notify_directory,
                               has_child_hooks ? hook_state(request, "creating") : "",
                               has_child_hooks ? hook_state(request, "created") : "",
                               log::enabled(log::Level::kDebug),
                               session.reports_ready_,
                               made,
                               request.machine_fd};
  TRY_ASSIGN(const init::PreparedInit prepared, init::prepare(prepare));
  TRY_ASSIGN(SpawnedChild child, spawn_init(prepared, image.get(), request.cgroup_fd));
  session.channel_.close_child_end();
  session.in_cgroup_ = child.in_cgroup;
  session.awaits_parent_ = child.awaits_parent;
  if (prepared.needs_joiner) {
    session.joiner_ = child.pid;
  } else {
    session.pid_ = child.pid;
    session.pidfd_ = std::move(child.pidfd);
  }
  Status status = session.converse(request);
  if (!status) {
    session.kill();
    return std::move(status).error();
  }
  return session;
}

Status Session::converse(const SessionRequest& request) {
  if (pid_ != 0) {
    TRY(adopt(request, pid_));
  }
  for (bool done = false; !done;) {
    TRY_ASSIGN(std::optional<InitMessage> message, channel_.receive());
    if (!message) {
      return early_exit(request);
    }
    TRY(answer(request, *message, &done));
  }
  return {};
}

// The real process exists: id maps first, for which it waits (it becomes root in them), then everything
// that needs its pid. A process that does not wait mounts meanwhile and may have failed at it.
Status Session::adopt(const SessionRequest& request, pid_t pid) {
  if (!pidfd_.valid()) {
    TRY_ASSIGN(sandbox::Pidfd pidfd, sandbox::Pidfd::open(pid));
    pidfd_.reset(::fcntl(pidfd.get(), F_DUPFD_CLOEXEC, 3));
  }
  if (request.kind != init::SessionKind::kExec &&
      request.plan.creates(plan::NamespaceType::kUser)) {
    TRY(sandbox::write_id_maps(pid, request.plan.id_maps, request.host.euid == 0));
  }
  Status status = request.on_pid(pid, pidfd_.get(), in_cgroup_);
  if (status && awaits_parent_) {
    channel_.proceed(pid);
  }
  if (status && !reports_ready_) {
    status = complete(request);
  }
  if (!status) {
    return cause_of(request, std::move(status));
  }
  if (!reports_ready_) {
    channel_.proceed(pid);
  }
  return {};
}

// What failed here may have failed because init has ended, which then said why.
Status Session::cause_of(const SessionRequest& request, Status failure) {
  ::kill(pid_, SIGKILL);
  for (;;) {
    Result<std::optional<InitMessage>> message = channel_.receive();
    if (!message || !*message) {
      return failure;
    }
    if ((*message)->body.word == init::SyncWord::kFailed) {
      return failure_error((*message)->body, request.plan);
    }
  }
}

// What the parent does for a process that is set up.
Status Session::complete(const SessionRequest& request) {
  TRY(apply_rlimits(pid_, request.plan.process.rlimits));
  TRY(apply_oom_score(pid_, request.plan));
  TRY(bpf::stage(pidfd_.get(), request.plan.hardening.intents, request.plan.id));
  return request.on_ready();
}

Status Session::answer(const SessionRequest& request, InitMessage& message, bool* done) {
  const init::SyncMessage& body = message.body;
  switch (body.word) {
    case init::SyncWord::kInitPid:
      pid_ = body.value;
      reap(joiner_);
      joiner_ = 0;
      return adopt(request, pid_);
    case init::SyncWord::kMountsReady:
      TRY(request.on_mounts_ready());
      break;
    case init::SyncWord::kConsole:
      TRY(take_console(request, message));
      break;
    case init::SyncWord::kReady:
      TRY(complete(request));
      break;
    case init::SyncWord::kListener:
      TRY(take_listener(request, body.value));
      break;
    case init::SyncWord::kMemoryLimit:
      channel_.hand_over(pid_, request.open_memory_limit ? request.open_memory_limit().get() : -1);
      return {};
    case init::SyncWord::kDone:
      *done = true;
      return {};
    case init::SyncWord::kDebug:
      log::debug(concat("init: ", step_name(body.step)));
      return {};
    case init::SyncWord::kHookOutput:
      hook_output_ = body.item;
      return {};
    case init::SyncWord::kAmbientRefused:
      warn_of_ambient(body);
      return {};
    case init::SyncWord::kHookFailed:
      return hook_failure(body, request.plan);
    case init::SyncWord::kMachineFailed:
      return Error(ErrorKind::kSystem, body.item);
    case init::SyncWord::kFailed:
      return failure_error(body, request.plan);
    default:
      return Error::internal("unexpected message from init");
  }
  channel_.proceed(pid_);
  return {};
}

Status Session::take_console(const SessionRequest& request, InitMessage& message) {
  if (!message.descriptor.valid()) {
    return Error::internal("init sent no pty master");
  }
  if (request.console_socket.empty()) {
    console_ = std::move(message.descriptor);
    return sandbox::clear_onlcr(console_.get());  // before the process can write
  }
  TRY_ASSIGN(const UniqueFd socket, connect_unix(request.console_socket, "--console-socket"));
  return send_console(socket.get(), message.descriptor.get());
}

Status Session::take_listener(const SessionRequest& request, int remote_fd) {
  const plan::Seccomp& seccomp = *request.plan.seccomp;
  const bool exec = request.kind == init::SessionKind::kExec;
  SeccompListener listener{pidfd_.get(),
                           pid_,
                           remote_fd,
                           seccomp.listener_path,
                           seccomp.listener_metadata,
                           "1.3.0",
                           request.state_document(exec ? "running" : "creating", pid_)};
  return send_seccomp_listener(listener);
}

Error Session::early_exit(const SessionRequest& request) {
  const pid_t pid = pid_ != 0 ? pid_ : joiner_;
  const int status = reap(pid);
  pid_ = 0;
  joiner_ = 0;
  if (was_oom_killed(request.cgroup_directory)) {
    return {ErrorKind::kSystem, "container init was OOM-killed (memory limit too low?)"};
  }
  if (WIFSIGNALED(status)) {
    return {ErrorKind::kSystem,
            concat("container init was killed by signal ", WTERMSIG(status), " during set-up")};
  }
  return {ErrorKind::kSystem,
          concat("container init exited with status ", WEXITSTATUS(status), " during set-up")};
}

Status Session::await_execve(const plan::Plan& plan) {
  for (;;) {
    TRY_ASSIGN(std::optional<InitMessage> message, channel_.receive());
    if (!message) {
      return {};  // closed by execve
    }
    const init::SyncMessage& body = message->body;
    if (body.word == init::SyncWord::kHookOutput) {
      hook_output_ = body.item;
    } else {
      return body.word == init::SyncWord::kHookFailed ? hook_failure(body, plan)
                                                      : failure_error(body, plan);
    }
  }
}

Error Session::hook_failure(const init::SyncMessage& message, const plan::Plan& plan) const {
  const plan::HookKind kind = message.step == init::InitStep::kStartContainerHooks
                                  ? plan::HookKind::kStartContainer
                                  : plan::HookKind::kCreateContainer;
  const std::vector<plan::Hook>& hooks = plan.hooks_of(kind);
  const auto index = static_cast<size_t>(message.value);
  const int64_t timeout = index < hooks.size() ? hooks[index].timeout_ms.value_or(0) : 0;
  return hook_error(kind, message.value, message.err, timeout, hook_output_, message.item);
}

void Session::kill() {
  for (pid_t* pid : {&pid_, &joiner_}) {
    if (*pid > 0) {
      ::kill(*pid, SIGKILL);
      reap(*pid);
      *pid = 0;
    }
  }
}

}  // namespace redoubt::launch
