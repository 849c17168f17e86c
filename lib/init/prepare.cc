#include "init/prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/str.h"
#include "init/arena.h"
#include "init/prepare_mounts.h"
#include "plan/cpu_list.h"
#include "plan/lexical_path.h"
#include "plan/namespace_names.h"

namespace redoubt::init {
namespace {

// The cgroup namespace is unshared once the process is in its cgroup, the time namespace before its
// first process exists.
uint64_t clone_flag(plan::NamespaceType type) {
  const bool later = type == plan::NamespaceType::kCgroup || type == plan::NamespaceType::kTime;
  return later ? 0 : plan::describe(type).clone_flag;
}

Span<uint32_t> copy_groups(const std::vector<gid_t>& groups, Arena& arena) {
  return arena.copy(std::vector<uint32_t>(groups.begin(), groups.end()));
}

std::string time_offsets_text(const plan::Plan& plan) {
  std::string text;
  if (plan.monotonic_offset) {
    text += concat(
        "monotonic ", plan.monotonic_offset->secs, " ", plan.monotonic_offset->nanosecs, "\n");
  }
  if (plan.boottime_offset) {
    text +=
        concat("boottime ", plan.boottime_offset->secs, " ", plan.boottime_offset->nanosecs, "\n");
  }
  return text;
}

void prepare_namespaces(const PrepareRequest& request, Arena& arena, InitProgram& program) {
  const plan::Plan& plan = request.plan;
  std::vector<NamespaceJoin> joins;
  for (const OpenNamespace& join : request.joins) {
    joins.push_back({join.fd.get(), join.clone_flag, arena.text(join.path)});
    program.become_root |= join.clone_flag == CLONE_NEWUSER ? 1U : 0U;
  }
  program.joins = arena.copy(joins);
  std::vector<NamespaceJoin> made;
  uint64_t made_flags = 0;
  for (const OpenNamespace& ns : request.made_namespaces) {
    made.push_back({ns.fd.get(), ns.clone_flag, arena.text(ns.path)});
    made_flags |= static_cast<uint64_t>(ns.clone_flag);
  }
  program.made_namespaces = arena.copy(made);
  if (request.kind != SessionKind::kExec) {
    for (const plan::Namespace& ns : plan.namespaces) {
      program.clone_flags |= ns.path.empty() ? clone_flag(ns.type) : 0;
    }
    program.clone_flags &= ~made_flags;
    program.new_user_namespace = plan.creates(plan::NamespaceType::kUser) ? 1 : 0;
    program.become_root |= program.new_user_namespace;
    program.unshare_time = plan.creates(plan::NamespaceType::kTime) ? 1 : 0;
    // The root of /dev/mqueue belongs to whoever makes the IPC namespace: that must be the
    // container's root, which exists only once the id maps are written.
    program.unshare_ipc = program.become_root & (plan.creates(plan::NamespaceType::kIpc) ? 1U : 0U);
    program.clone_flags &= program.unshare_ipc != 0 ? ~uint64_t{CLONE_NEWIPC} : ~uint64_t{0};
    program.time_offsets = arena.optional_text(time_offsets_text(plan));
    program.unshare_cgroup = plan.creates(plan::NamespaceType::kCgroup) ? 1 : 0;
    program.loopback_up =
        plan.creates(plan::NamespaceType::kNetwork) && (made_flags & CLONE_NEWNET) == 0 ? 1 : 0;
  }
  program.needs_joiner =
      (!joins.empty() || program.new_user_namespace != 0 || program.unshare_time != 0) ? 1 : 0;
}

void prepare_keyring(const PrepareRequest& request, Arena& arena, InitProgram& program) {
  if (request.plan.new_keyring) {
    program.keyring_name = arena.text(concat("_ses.", request.plan.id));
    program.keyring_label = arena.optional_text(request.plan.process.selinux_label);
    program.create_keyring = request.kind == SessionKind::kExec ? 0 : 1;
  }
}

Span<HookStep> copy_hooks(const std::vector<plan::Hook>& hooks, Arena& arena) {
  std::vector<HookStep> steps;
  for (const plan::Hook& hook : hooks) {
    steps.push_back({arena.text(hook.path),
                     arena.text_array(hook.args),
                     arena.text_array(hook.env),
                     hook.timeout_ms.value_or(-1)});
  }
  return arena.copy(steps);
}

HookState copy_state(std::string json, Arena& arena) {
  const size_t at = json.find(kPidMark);
  if (at == std::string::npos) {
    return {};
  }
  constexpr size_t kPidWidth = 20;
  json.replace(at, sizeof kPidMark - 1, kPidWidth, ' ');
  return {const_cast<char*>(arena.text(json)),
          static_cast<uint32_t>(json.size()),
          static_cast<uint32_t>(at + kPidWidth)};
}

void prepare_hooks(const PrepareRequest& request, Arena& arena, InitProgram& program) {
  const plan::Plan& plan = request.plan;
  program.has_runtime_hooks = plan.hooks_of(plan::HookKind::kPrestart).empty() &&
                                      plan.hooks_of(plan::HookKind::kCreateRuntime).empty()
                                  ? 0
                                  : 1;
  program.create_container_hooks =
      copy_hooks(plan.hooks_of(plan::HookKind::kCreateContainer), arena);
  program.start_container_hooks = copy_hooks(plan.hooks_of(plan::HookKind::kStartContainer), arena);
  program.hook_state_creating = copy_state(request.state_json_creating, arena);
  program.hook_state_created = copy_state(request.state_json_created, arena);
}

uint32_t node_type(char type) {
  return type == 'b' ? S_IFBLK : type == 'p' ? S_IFIFO : S_IFCHR;
}

bool dev_is_bound(const plan::Plan& plan) {
  for (const plan::Mount& mount : plan.mounts) {
    if (mount.destination == "/dev" && mount.kind == plan::MountKind::kBind) {
      return true;
    }
  }
  return false;
}

Span<const char*> copy_texts(const std::vector<std::string>& values, Arena& arena) {
  std::vector<const char*> texts;
  texts.reserve(values.size());
  for (const std::string& value : values) {
    texts.push_back(arena.text(value));
  }
  return arena.copy(texts);
}

// "shared" and "unbindable" are for the finished root only: pivot_root(2) refuses a shared root, and nothing can be bound from an
// unbindable one. With "shared" the host's mounts stay peers, so that what is mounted in them travels.
void set_propagation(const plan::Rootfs& rootfs, RootfsProgram& program) {
  const uint64_t recursive = rootfs.recursive_propagation ? uint64_t{MS_REC} : 0;
  switch (rootfs.propagation) {
    case 0: program.propagation = MS_SLAVE | MS_REC; break;
    case MS_UNBINDABLE: program.propagation = MS_PRIVATE | MS_REC; break;
    default: program.propagation = rootfs.propagation | recursive; break;
  }
  if (rootfs.propagation == MS_SHARED || rootfs.propagation == MS_UNBINDABLE) {
    program.final_propagation = rootfs.propagation | recursive;
  }
}

// "/" is the root's own attribute: a mount over it would be below the feet of who has entered it.
void prepare_readonly(const plan::Plan& plan, Arena& arena, RootfsProgram& program) {
  std::vector<std::string> paths = plan.readonly_paths;
  const size_t roots = std::erase_if(
      paths, [](const std::string& path) { return plan::clean_absolute(path) == "/"; });
  program.readonly = plan.rootfs.readonly || roots != 0 ? 1 : 0;
  program.readonly_paths = copy_texts(paths, arena);
}

void prepare_rootfs(const PrepareRequest& request, Arena& arena, RootfsProgram& program) {
  const plan::Plan& plan = request.plan;
  prepare_readonly(plan, arena, program);
  set_propagation(plan.rootfs, program);
  // After a recursive "slave" or "private" nothing is shared any more.
  program.make_parent_private =
      (program.propagation & MS_REC) == 0 || (program.propagation & MS_SHARED) != 0 ? 1 : 0;
  program.no_pivot = plan.rootfs.no_pivot ? 1 : 0;
  program.bind_devices =
      plan.find_namespace(plan::NamespaceType::kUser) != nullptr || plan.rootless ? 1 : 0;
  program.setup_dev = dev_is_bound(plan) ? 0 : 1;
  std::vector<DeviceStep> devices;
  for (const plan::Device& device : plan.devices) {
    devices.push_back({arena.text(device.path),
                       node_type(device.type),
                       device.mode,
                       device.major,
                       device.minor,
                       device.uid,
                       device.gid});
  }
  program.devices = arena.copy(devices);
  program.masked_paths = copy_texts(plan.masked_paths, arena);
  std::vector<SysctlStep> sysctls;
  for (const auto& [name, value] : plan.sysctls) {
    sysctls.push_back({arena.text(name), arena.text(value)});
  }
  program.sysctls = arena.copy(sysctls);
  program.hostname = arena.optional_text(plan.hostname);
  program.domainname = arena.optional_text(plan.domainname);
}

void prepare_environment(const PrepareRequest& request, Arena& arena, ProcessProgram& program) {
  std::vector<std::string> env = request.plan.process.env;
  for (const std::string& extra : request.extra_env) {
    const std::string key = extra.substr(0, extra.find('=') + 1);
    std::erase_if(env, [&](const std::string& entry) { return entry.starts_with(key); });
    env.push_back(extra);
  }
  program.needs_home = 1;
  program.home_index = -1;
  for (size_t i = 0; i < env.size(); ++i) {
    if (env[i].starts_with("HOME=")) {
      program.home_index = static_cast<int32_t>(i);
      program.needs_home = env[i].size() > 5 ? 0 : 1;
    }
    if (env[i].starts_with("PATH=")) {
      program.path_variable = arena.text(env[i].substr(5));
    }
  }
  program.env = arena.text_array(env, 1);
  program.env_count = static_cast<uint32_t>(env.size());
}

void prepare_scheduling(const plan::Process& process, Arena& arena, ProcessProgram& program) {
  if (process.scheduler) {
    const plan::Scheduler& s = *process.scheduler;
    program.has_scheduler = 1;
    program.scheduler = {sizeof(SchedulerAttr),
                         s.policy,
                         s.flags,
                         s.nice,
                         s.priority,
                         s.runtime,
                         s.deadline,
                         s.period,
                         0,
                         0};
  }
  program.io_priority = process.io_priority.value_or(-1);
  program.has_personality = process.personality ? 1 : 0;
  program.personality = process.personality.value_or(0);
  program.memory_policy_mode = process.memory_policy ? process.memory_policy->mode : -1;
  if (process.memory_policy) {
    program.memory_policy_nodes = arena.copy(process.memory_policy->nodes);
  }
}

Status prepare_affinity(const plan::Process& process, Arena& arena, ProcessProgram& program) {
  if (process.cpu_affinity_final.empty()) {
    return {};
  }
  TRY_ASSIGN(
      const std::vector<uint64_t> mask,
      plan::parse_cpu_list(process.cpu_affinity_final).context("process.execCPUAffinity.final"));
  program.cpu_affinity = arena.copy(mask);
  return {};
}

void prepare_landlock(const plan::Landlock& plan, Arena& arena, LandlockProgram& program) {
  if (!plan.active()) {
    return;
  }
  program.handled_fs = plan.handled_fs;
  program.handled_net = plan.handled_net;
  program.scoped = plan.scoped;
  std::vector<LandlockPathStep> paths;
  for (const plan::LandlockPath& path : plan.paths) {
    paths.push_back({arena.text(path.path), path.access});
  }
  program.paths = arena.copy(paths);
  std::vector<LandlockPortStep> ports;
  for (const plan::LandlockPort& port : plan.ports) {
    ports.push_back({port.access, port.port});
  }
  program.ports = arena.copy(ports);
}

void prepare_seccomp(const PrepareRequest& request, Arena& arena, ProcessProgram& program) {
  std::vector<SeccompFilter> floor;
  for (const FloorFilter& filter : request.seccomp_floor) {
    floor.push_back({arena.copy(filter.code), filter.flags});
  }
  program.seccomp_floor = arena.copy(floor);
  program.seccomp = arena.copy(request.seccomp);
  program.seccomp_flags = request.seccomp_flags;
  program.seccomp_listener = request.seccomp_listener ? 1 : 0;
}

Status prepare_process(const PrepareRequest& request, Arena& arena, ProcessProgram& program) {
  const plan::Process& process = request.plan.process;
  program.args = arena.text_array(process.args);
  prepare_environment(request, arena, program);
  program.cwd = arena.text(process.cwd);
  program.uid = process.uid;
  program.gid = process.gid;
  program.groups = copy_groups(process.additional_gids, arena);
  program.set_groups = request.set_groups ? 1 : 0;
  program.umask = process.umask;
  program.terminal = process.terminal ? 1 : 0;
  program.console_height = process.console_height;
  program.console_width = process.console_width;
  program.chown_stdio = 1;
  const plan::Capabilities& caps = process.capabilities;
  program.capabilities = {caps.bounding,
                          caps.effective,
                          caps.inheritable,
                          caps.permitted,
                          caps.ambient,
                          request.last_capability};
  program.no_new_privileges = process.no_new_privileges ? 1 : 0;
  program.exec_label = arena.optional_text(process.selinux_label);
  program.apparmor_profile = arena.optional_text(process.apparmor_profile);
  prepare_seccomp(request, arena, program);
  prepare_landlock(request.plan.hardening.landlock, arena, program.landlock);
  program.preserve_fds = request.preserve_fds;
  prepare_scheduling(process, arena, program);
  return prepare_affinity(process, arena, program);
}

Result<UniqueFd> write_arena(const Arena& arena) {
  UniqueFd fd(::memfd_create("redoubt-program", MFD_CLOEXEC));
  if (!fd.valid()) {
    return Error::system(errno, "memfd_create for the init program");
  }
  TRY(write_all(fd.get(), arena.bytes(), "init program"));
  return fd;
}

void list_descriptors(const PrepareRequest& request, PreparedInit& prepared) {
  for (const int fd : {request.sync_fd, request.proc_fd, request.fifo_fd, request.machine_fd, prepared.arena.get()}) {
    if (fd >= 0) {
      prepared.inherited_fds.push_back(fd);
    }
  }
  for (const OpenNamespace& join : request.joins) {
    prepared.inherited_fds.push_back(join.fd.get());
  }
  for (const OpenNamespace& made : request.made_namespaces) {
    prepared.inherited_fds.push_back(made.fd.get());
  }
  for (const UniqueFd& tree : prepared.owned) {
    prepared.inherited_fds.push_back(tree.get());
  }
}

}  // namespace

Result<PreparedInit> prepare(const PrepareRequest& request) {
  PreparedInit prepared;
  Arena arena;
  arena.reserve(sizeof(InitProgram), alignof(InitProgram));
  InitProgram program{};
  program.kind = request.kind;
  program.sync_fd = request.sync_fd;
  program.proc_fd = request.proc_fd;
  program.fifo_fd = request.fifo_fd;
  program.debug = request.debug ? 1 : 0;
  program.reports_ready = request.reports_ready ? 1 : 0;
  program.machine_fd = request.machine_fd;
  program.id = arena.text(request.plan.id);
  prepare_namespaces(request, arena, program);
  prepare_keyring(request, arena, program);
  if (request.kind != SessionKind::kExec) {
    prepare_hooks(request, arena, program);
    prepare_rootfs(request, arena, program.rootfs);
    TRY(prepare_mounts(request, arena, program.rootfs, prepared.owned));
  }
  TRY(prepare_process(request, arena, program.process));
  program.size = arena.bytes().size();
  arena.store(0, program);
  TRY_ASSIGN(prepared.arena, write_arena(arena));
  prepared.needs_joiner = program.needs_joiner != 0;
  prepared.clone_flags = prepared.needs_joiner ? 0 : program.clone_flags;
  prepared.awaits_parent = request.reports_ready || program.new_user_namespace != 0 ||
                           !request.plan.net_devices.empty();
  list_descriptors(request, prepared);
  return prepared;
}

}  // namespace redoubt::init
