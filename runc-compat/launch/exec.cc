// exec: one more process in a container, by joining the namespaces of its init.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "escalate-vm/host/outer_plan.h"
#include "plan/cpu_list.h"
#include "plan/namespace_names.h"
#include "policy/resolve.h"
#include "runc-compat/launch/console_socket.h"
#include "runc-compat/launch/container.h"
#include "runc-compat/launch/exec_process.h"
#include "runc-compat/launch/launch.h"
#include "runc-compat/launch/machine.h"
#include "runc-compat/launch/pid_file.h"
#include "runc-compat/launch/session.h"
#include "runc-compat/launch/signal_forward.h"
#include "runc-compat/launch/terminal_relay.h"
#include "runc-compat/state/status.h"
#include "sandbox/cgroup.h"
#include "sandbox/pidfd.h"

namespace redoubt::launch {
namespace {

Status check_joinable(const state::ContainerDir& dir,
                      const state::Record& record,
                      bool ignore_paused) {
  TRY_ASSIGN(const state::ContainerStatus status, state::status_of(dir, record));
  if (status == state::ContainerStatus::kStopped) {
    return Error::state("cannot exec in a stopped container");
  }
  if (status == state::ContainerStatus::kPaused && !ignore_paused) {
    return Error::state("cannot exec in a paused container (use --ignore-paused to override)");
  }
  if (status == state::ContainerStatus::kCreating) {
    return Error::state("cannot exec in a container that is being created");
  }
  return {};
}

bool is_ours(int proc_fd, std::string_view name, const struct stat& theirs) {
  struct stat own {};
  const std::string path = concat("self/ns/", name);
  return ::fstatat(proc_fd, path.c_str(), &own, 0) == 0 && own.st_ino == theirs.st_ino &&
         own.st_dev == theirs.st_dev;
}

// The namespaces of init that are not the runtime's own. The pidfd was verified before, and is
// asked again after: descriptors that a recycled pid would have given are not used.
Result<std::vector<init::OpenNamespace>> open_container_namespaces(const sandbox::Pidfd& init,
                                                                   pid_t pid) {
  TRY_ASSIGN(const UniqueFd proc, open_at(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY));
  std::vector<init::OpenNamespace> joins;
  for (const plan::NamespaceName& file : plan::namespace_names()) {
    const std::string path = concat(pid, "/ns/", file.proc_name);
    Result<UniqueFd> fd = open_at(proc.get(), path, O_RDONLY);
    if (!fd && fd.error().err() == ENOENT) {
      continue;  // a kernel without this kind
    }
    if (!fd) {
      return std::move(fd).error().add_context("container namespaces");
    }
    struct stat st {};
    if (::fstat(fd->get(), &st) != 0) {
      return Error::system(errno, concat("stat /proc/", path));
    }
    if (!is_ours(proc.get(), file.proc_name, st)) {
      joins.push_back({std::move(*fd), static_cast<int>(file.clone_flag), concat("/proc/", path)});
    }
  }
  TRY(init.send_signal(0));
  return joins;
}

Result<UniqueFd> open_cgroup(const state::Record& record,
                             const std::vector<std::string>& sub_cgroups) {
  if (record.cgroup_directory.empty()) {
    return UniqueFd();
  }
  if (sub_cgroups.size() > 1) {
    return Error::invalid("--cgroup: cgroup v2 has one hierarchy, give one path");
  }
  const std::string sub_path = sub_cgroups.empty() ? "/" : sub_cgroups.front();
  Result<UniqueFd> fd = sandbox::open_sub_cgroup(record.cgroup_directory, sub_path);
  if (!fd && sub_cgroups.empty() && fd.error().err() == ENOENT) {
    return UniqueFd();
  }
  return fd;
}

// Places a process that could not be born in the cgroup. Without --cgroup, init's own cgroup will
// do when the container's refuses (a container that moved its processes into sub-cgroups, as
// systemd does).
Status join_cgroup(pid_t pid,
                   int cgroup_fd,
                   pid_t init_pid,
                   const ExecOptions& options,
                   const state::Record& record) {
  if (cgroup_fd < 0) {
    return {};
  }
  Status status = write_kernel_file_at(cgroup_fd, "cgroup.procs", concat(pid));
  if (status || record.rootless) {
    return {};
  }
  if (options.cgroups.empty()) {
    TRY_ASSIGN(const std::string text,
               read_kernel_file_at(AT_FDCWD, concat("/proc/", init_pid, "/cgroup")));
    TRY_ASSIGN(const sandbox::CgroupHierarchy hierarchy, sandbox::find_cgroup_hierarchy());
    const sandbox::ProcCgroups cgroups = sandbox::parse_proc_cgroups(text);
    status = write_kernel_file_at(
        AT_FDCWD, concat(hierarchy.mount, cgroups.path, "/cgroup.procs"), concat(pid));
  }
  return std::move(status).context(concat("error adding pid ", pid, " to cgroups"));
}

Status apply_initial_affinity(const std::string& list) {
  if (list.empty()) {
    return {};
  }
  TRY_ASSIGN(const std::vector<uint64_t> mask,
             plan::parse_cpu_list(list).context("process.execCPUAffinity.initial"));
  if (::sched_setaffinity(0,
                          mask.size() * sizeof(uint64_t),
                          reinterpret_cast<const cpu_set_t*>(mask.data())) != 0) {
    return Error::system(errno, "process.execCPUAffinity.initial");
  }
  return {};
}

Status check_terminal_options(const ExecOptions& options, bool terminal) {
  if (terminal && options.detach && options.console_socket.empty()) {
    return Error::invalid("cannot allocate tty if runc will detach without setting console socket");
  }
  if (!options.console_socket.empty() && (!options.detach || !terminal)) {
    return Error::invalid("cannot use console socket if runc will not detach or allocate tty");
  }
  return {};
}

// The process to run: options over that of config.json.
Result<oci::Process> wanted_process(const ExecOptions& options, Container& container) {
  if (!container.spec.process) {
    container.spec.process.emplace();
    container.spec.process->cwd = "/";
  }
  return exec_process_document(options, *container.spec.process);
}

// The container's Plan with the new process in it.
Result<plan::Plan> exec_plan(const oci::Process& process, const Container& container) {
  const bool own_users = container.plan.find_namespace(plan::NamespaceType::kUser) != nullptr;
  const plan::HostFacts host =
      own_users ? policy::facts_in_user_namespace(container.host) : container.host;
  plan::Plan plan = container.plan;
  std::vector<std::string> warnings;
  TRY_ASSIGN(plan.process, policy::resolve_process(process, host, warnings));
  TRY(policy::harden_exec({.spec = container.spec,
                           .host = container.host,
                           .id = container.plan.id,
                           .bundle = container.plan.bundle,
                           .policy = &container.policy},
                          container.plan,
                          plan.process));
  plan.process.personality = container.plan.process.personality;
  plan.process.memory_policy = container.plan.process.memory_policy;
  plan.hooks = {};
  plan.sysctls.clear();
  for (const std::string& warning : warnings) {
    log::warning(warning);
  }
  return plan;
}

struct Terminal {
  UniqueFd host;
  std::optional<SignalForward> signals;
};

Result<Terminal> prepare_foreground(const ExecOptions& options, bool terminal) {
  Terminal prepared;
  if (options.detach) {
    return prepared;
  }
  if (terminal) {
    TRY_ASSIGN(prepared.host, TerminalRelay::open_host_terminal());
  }
  TRY_ASSIGN(SignalForward signals, SignalForward::create());
  prepared.signals.emplace(std::move(signals));
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  return prepared;
}

Result<int> wait_for(Session& session, Terminal& terminal, const plan::Plan& plan) {
  std::optional<TerminalRelay> relay;
  if (plan.process.terminal) {
    TRY_ASSIGN(relay,
               TerminalRelay::create(
                   std::move(terminal.host), session.take_console(), newlines_of(plan)));
    relay->resize();
  }
  return wait_foreground(*terminal.signals, session.pidfd(), session.pid(), relay, nullptr);
}

// The container's own tasks are judged; one more that is not would be a way around.
Status check_bpf_layer(const state::Record& record, const plan::Plan& plan) {
  const auto level = record.policy.find("bpf-lsm");
  const plan::KernelIntents& intents = plan.hardening.intents;
  if (level == record.policy.end() || level->second == "off" ||
      !intents.denied_surfaces.empty() || !intents.audited_surfaces.empty()) {
    return {};
  }
  return Error(ErrorKind::kDenied,
               concat("the container is confined by the BPF LSM layer, which is not there any more (",
                      plan.hardening.profile,
                      "); run: redoubt bpf load"));
}

}  // namespace

Result<int> exec_process(const ExecOptions& options) {
  TRY_ASSIGN(const PassedDescriptors passed, pass_descriptors(options.preserve_fds));
  TRY_ASSIGN(state::ContainerDir dir, state::ContainerDir::open(options.runtime.root, options.id));
  TRY_ASSIGN(const state::Record record, dir.load());
  TRY(check_joinable(dir, record, options.ignore_paused));
  TRY_ASSIGN(Container container, resolve_stored(dir, record));
  TRY_ASSIGN(const oci::Process process, wanted_process(options, container));
  TRY_ASSIGN(plan::Plan plan, exec_plan(process, container));
  UniqueFd machine_task;
  if (!container.plan.machine) {
    TRY(check_bpf_layer(record, container.plan));
  } else {
    TRY(check_machine_session(passed));
    TRY_ASSIGN(const plan::Plan outer, make_machine_plan(container.plan, dir));
    plan = vm::outer_exec_plan(outer, plan.process);
    TRY_ASSIGN(machine_task, make_machine_task(record.id, process));
  }
  TRY(check_terminal_options(options, plan.process.terminal));
  TRY_ASSIGN(const sandbox::ProcessIdentity init_identity, state::init_of(record));
  TRY_ASSIGN(const sandbox::Pidfd init, sandbox::Pidfd::open_verified(init_identity));
  TRY(apply_initial_affinity(plan.process.cpu_affinity_initial));

  SessionRequest request{plan, container.host};
  request.kind = init::SessionKind::kExec;
  TRY_ASSIGN(request.joins, open_container_namespaces(init, init_identity.pid));
  TRY_ASSIGN(const UniqueFd cgroup, open_cgroup(record, options.cgroups));
  request.passed = passed;
  request.machine_fd = machine_task.get();
  request.cgroup_fd = cgroup.get();
  request.cgroup_directory = record.cgroup_directory;
  request.seccomp_cache = seccomp_cache_directory(options.runtime.root);
  request.console_socket = options.console_socket;
  // The state is the container's; the document of a seccomp agent has the new pid beside it.
  request.state_document = [&](std::string_view status, pid_t) {
    return state_document(plan, status, init_identity.pid);
  };
  request.on_pid = [&](pid_t pid, int pidfd, bool in_cgroup) -> Status {
    if (!in_cgroup) {
      TRY(join_cgroup(pid, cgroup.get(), init_identity.pid, options, record));
    }
    return options.pidfd_socket.empty() ? Status()
                                        : send_pidfd(options.pidfd_socket, pidfd, PidfdKind::kExec);
  };
  request.on_mounts_ready = [] { return Status(); };
  request.on_ready = [] { return Status(); };

  TRY_ASSIGN(Terminal terminal, prepare_foreground(options, plan.process.terminal));
  TRY_ASSIGN(Session session,
             Session::launch(request).context("unable to start container process"));
  Status recorded = write_pid_file(options.pid_file, session.pid());
  if (!recorded) {
    session.kill();
    return std::move(recorded).error();
  }
  return options.detach ? Result<int>(0) : wait_for(session, terminal, plan);
}

}  // namespace redoubt::launch
