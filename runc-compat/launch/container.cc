#include "runc-compat/launch/container.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "bpf/availability.h"
#include "bpf/names.h"
#include "oci/bundle.h"
#include "oci/spec_json.h"
#include "oci/state_document.h"
#include "plan/namespace_names.h"
#include "escalate-vm/host/probe.h"
#include "policy/escalate.h"
#include "policy/resolve.h"
#include "runc-compat/launch/pod.h"
#include "runc-compat/launch/policy_files.h"
#include "sandbox/idmap_read.h"
#include "sandbox/probe.h"

namespace redoubt::launch {
namespace {

constexpr size_t kConfigLimit = size_t{16} << 20;

bool is_rootless(Rootless setting, const plan::HostFacts& host) {
  return setting == Rootless::kTrue ||
         (setting == Rootless::kAuto && (host.euid != 0 || host.in_user_namespace));
}

// ioctl_ns(2): what kind of namespace the descriptor is; a path to anything else is refused before
// any setns.
Status check_namespace(int fd, const plan::Namespace& ns) {
  const int kind = ::ioctl(fd, NS_GET_NSTYPE);
  const int wanted = static_cast<int>(plan::describe(ns.type).clone_flag);
  if (kind < 0) {
    return Error::invalid(concat("linux.namespaces: ", quote(ns.path), " is not a namespace"));
  }
  if (kind != wanted) {
    return Error::invalid(concat("linux.namespaces: ",
                                 quote(ns.path),
                                 " is not a namespace of the wanted type ",
                                 plan::describe(ns.type).name));
  }
  return {};
}

// Whether the open namespace is the one of `path`; false when there is no such path, or none that we may look at.
bool is_namespace(int fd, const std::string& path) {
  struct stat joined {};
  struct stat other {};
  return ::fstat(fd, &joined) == 0 && ::stat(path.c_str(), &other) == 0 && joined.st_dev == other.st_dev && joined.st_ino == other.st_ino;
}

// Entering the rootfs detaches the old root of a joined mount namespace, for every process in it: never
// that of the caller or of PID 1.
Status check_not_of_host(int fd, const plan::Namespace& ns) {
  for (const char* path : {"/proc/self/ns/mnt", "/proc/1/ns/mnt"}) {
    if (is_namespace(fd, path)) {
      return Error::invalid(concat("linux.namespaces: ",
                                   quote(ns.path),
                                   " is the host's mount namespace (",
                                   path,
                                   "), which the container's root would replace"));
    }
  }
  return {};
}

// A parameter without a namespace of the container's own is refused by oci::validate(); one with the path of this process's, the host's, is seen
// only here. In runc's words.
Status check_sysctls(int fd, const plan::Namespace& ns, const plan::Plan& plan) {
  const auto found = std::find_if(plan.sysctls.begin(), plan.sysctls.end(), [&](const auto& sysctl) {
    return plan::namespace_of_sysctl(sysctl.first) == ns.type;
  });
  const plan::NamespaceName& name = plan::describe(ns.type);
  return found != plan.sysctls.end() && is_namespace(fd, concat("/proc/self/ns/", name.proc_name))
             ? Error::invalid(concat("sysctl ", quote(found->first), " not allowed in host ", name.name, " namespace"))
             : Status();
}

// What costs something to find out is asked only when the policy needs it.
void probe_for_policy(Container& container, BpfSet set) {
  container.host.cgroup_bpf_network =
      policy::restricts_network(container.policy) && sandbox::probe_network_filter();
  std::string& report_lack = container.host.filter_report_lack;
  if (policy::reports_filters(container.policy) && report_lack.empty()) {
    report_lack = sandbox::filter_log_lack();
  }
  if (policy::reports_files(container.policy)) {
    container.host.file_report_lack = file_report_lack(container.host, set);
  }
}

// A machine is asked for before it is made; later it is there.
Status probe_machine(const std::string& root, Container& container) {
  if (container.host.inside_machine) {
    return {};
  }
  TRY_ASSIGN(container.host.sandbox, probe_sandbox(root, container.spec));
  if (policy::demands_machine(container.policy) && container.host.sandbox.id.empty()) {
    container.host.machine_lack =
        vm::machine_lack(policy::node_machine(container.policy.document));
  }
  return {};
}

}  // namespace

plan::HostFacts probe_launch_host(BpfSet set) {
  plan::HostFacts host = sandbox::probe_host();
  if (host.euid != 0 || host.in_user_namespace) {
    host.bpf_lsm_lack = "only root of the host can mark tasks";
    host.filter_report_lack = host.bpf_lsm_lack;
    return host;
  }
  bpf::Availability bpf = set == BpfSet::kEnsure ? bpf::ensure_availability() : bpf::query_availability();
  host.bpf_lsm_fields = bpf::surfaces_of(bpf.surfaces);
  host.bpf_lsm_lack = std::move(bpf.lack);
  host.filter_report_lack =
      !host.bpf_lsm_lack.empty() ? concat("no BPF LSM: ", host.bpf_lsm_lack)
      : bpf.sees_filters
          ? ""
          : "the kernel lets no program watch audit_seccomp (CONFIG_AUDITSYSCALL, CONFIG_FUNCTION_TRACER)";
  return host;
}

std::string file_report_lack(const plan::HostFacts& host, BpfSet set) {
  if (host.landlock_abi < 1) {
    return "this kernel has no Landlock";
  }
  if (!host.bpf_lsm_lack.empty()) {
    return concat("no BPF LSM: ", host.bpf_lsm_lack);
  }
  return set == BpfSet::kEnsure ? bpf::ensure_file_reports() : bpf::query_file_report_lack();
}

Result<Container> resolve_bundle(const CreateOptions& options,
                                 const std::string& bundle,
                                 BpfSet set,
                                 NamespacesAhead* ahead) {
  Container container;
  std::vector<std::string> warnings;
  TRY_ASSIGN(oci::LoadedBundle loaded, oci::load_bundle(bundle, warnings));
  container.spec = std::move(loaded.spec);
  container.config_text = std::move(loaded.config_text);
  const int worth_making = namespaces_worth_making(container.spec);
  // Whoever gets the pidfd early must find the process in its namespaces.
  if (ahead != nullptr && worth_making != 0 && options.pidfd_socket.empty()) {
    ahead->start(worth_making);
  }
  container.host = probe_launch_host(set);
  const bool rootless = is_rootless(options.runtime.rootless, container.host);
  TRY_ASSIGN(PolicyFiles files, PolicyFiles::of_node());
  TRY_ASSIGN(container.policy, policy::choose_policy(files.sources(), container.spec.annotations));
  probe_for_policy(container, set);
  TRY(probe_machine(options.runtime.root, container));
  container.policy_copy = files.copy();
  TRY_ASSIGN(container.plan,
             policy::resolve({container.spec,
                              container.host,
                              options.id,
                              bundle,
                              options.runtime.systemd_cgroup,
                              rootless,
                              options.no_pivot,
                              options.no_new_keyring,
                              &container.policy}));
  for (const std::string& warning : container.policy.warnings) {
    log::warning(warning);
  }
  for (const std::string& warning : warnings) {
    log::warning(warning);
  }
  for (const std::string& warning : container.plan.warnings) {
    log::warning(warning);
  }
  return container;
}

Result<Container> resolve_stored(const state::ContainerDir& dir, const state::Record& record) {
  Container container;
  TRY_ASSIGN(container.config_text, read_file_at(dir.fd(), state::kConfigFile, kConfigLimit));
  TRY_ASSIGN(const json::Value document, json::parse(container.config_text, "config.json"));
  TRY_ASSIGN(container.spec, oci::parse_spec(document));
  container.host = probe_launch_host(BpfSet::kQuery);
  TRY_ASSIGN(PolicyFiles files, PolicyFiles::of_container(dir.fd()));
  TRY_ASSIGN(container.policy, policy::choose_policy(files.sources(), container.spec.annotations));
  probe_for_policy(container, BpfSet::kQuery);
  container.host.machine_lack.clear();
  if (!container.host.inside_machine) {
    container.host.sandbox = recorded_sandbox(container.spec, record);
  }
  TRY_ASSIGN(container.plan,
             policy::resolve({container.spec,
                              container.host,
                              record.id,
                              record.bundle,
                              record.systemd_cgroup,
                              record.rootless,
                              false,
                              false,
                              &container.policy}));
  return container;
}

json::Value state_document(const plan::Plan& plan, std::string_view status, pid_t pid) {
  return oci::hook_state_document({.id = plan.id,
                                   .status = std::string(status),
                                   .pid = pid,
                                   .bundle = plan.bundle,
                                   .annotations = plan.annotations});
}

std::string seccomp_cache_directory(const std::string& root) {
  return concat(root, "/@seccomp");
}

Result<std::vector<init::OpenNamespace>> open_namespaces(const plan::Plan& plan,
                                                       const plan::HostFacts& host) {
  std::vector<init::OpenNamespace> joins;
  for (const plan::Namespace& ns : plan.namespaces) {
    if (ns.path.empty()) {
      continue;
    }
    Result<UniqueFd> fd = open_at(AT_FDCWD, ns.path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!fd) {
      return std::move(fd).error().add_context("linux.namespaces");
    }
    TRY(check_namespace(fd->get(), ns));
    if (ns.type == plan::NamespaceType::kMount) {
      TRY(check_not_of_host(fd->get(), ns));
    }
    if (!host.inside_machine) {  // whose network is the container's (escalate-vm/host/inner_config.cc)
      TRY(check_sysctls(fd->get(), ns, plan));
    }
    if (ns.type == plan::NamespaceType::kUser && !plan.expected_id_maps.empty()) {
      TRY(sandbox::check_id_maps(fd->get(), plan.expected_id_maps)
              .context(concat("linux.namespaces: ", quote(ns.path))));
    }
    joins.push_back(
        {std::move(*fd), static_cast<int>(plan::describe(ns.type).clone_flag), ns.path});
  }
  return joins;
}

}  // namespace redoubt::launch
