// The process: arguments, environment, identity, and the parts that have passes of their own.
#include <unordered_map>

#include "base/str.h"
#include "plan/cpu_list.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

constexpr mode_t kDefaultUmask = 0022;

std::string_view variable_name(const std::string& entry) {
  return std::string_view(entry).substr(0, entry.find('='));
}

// Of equal names the last value stays, at the place of the last entry, as runc has it since it
// stopped using setenv.
Result<std::vector<std::string>> resolve_environment(const std::vector<std::string>& env) {
  std::unordered_map<std::string_view, size_t> last;
  for (size_t i = 0; i < env.size(); ++i) {
    const std::string_view name = variable_name(env[i]);
    if (name.empty() || name.size() == env[i].size()) {
      return Error::invalid(concat(indexed("process.env", i),
                                   ": invalid environment variable: ",
                                   name.empty() ? "name cannot be empty" : "missing '='"));
    }
    last[name] = i;
  }
  std::vector<std::string> kept;
  for (size_t i = 0; i < env.size(); ++i) {
    if (last[variable_name(env[i])] == i) {
      kept.push_back(env[i]);
    }
  }
  return kept;
}

Status set_user(const oci::User& user, plan::Process& result) {
  result.uid = user.uid;
  result.gid = user.gid;
  result.umask = user.umask.value_or(kDefaultUmask);
  result.additional_gids = user.additional_gids;
  return {};
}

Status set_console(const oci::Process& process, plan::Process& result) {
  result.terminal = process.terminal;
  if (!process.console_size) {
    return {};
  }
  // struct winsize has 16 bits a side.
  if (process.console_size->height > UINT16_MAX || process.console_size->width > UINT16_MAX) {
    return Error::invalid("process.consoleSize: height and width must be below 65536");
  }
  result.console_height = static_cast<uint16_t>(process.console_size->height);
  result.console_width = static_cast<uint16_t>(process.console_size->width);
  return {};
}

Status set_affinity(const oci::Process& process, plan::Process& result) {
  if (!process.exec_cpu_affinity) {
    return {};
  }
  const oci::ExecCpuAffinity& affinity = *process.exec_cpu_affinity;
  for (const auto& [name, text] :
       {std::pair("initial", &affinity.initial), std::pair("final", &affinity.final_)}) {
    const auto parsed = plan::parse_cpu_list(*text);
    if (!parsed) {
      return Error(parsed.error()).add_context(concat("process.execCPUAffinity.", name));
    }
  }
  result.cpu_affinity_initial = affinity.initial;
  result.cpu_affinity_final = affinity.final_;
  return {};
}

Status set_scheduling(const oci::Process& process, plan::Process& result) {
  result.oom_score_adj = process.oom_score_adj;
  if (process.scheduler) {
    TRY_ASSIGN(result.scheduler, resolve_scheduler(*process.scheduler));
  }
  if (process.io_priority) {
    TRY_ASSIGN(result.io_priority, resolve_io_priority(*process.io_priority));
  }
  return set_affinity(process, result);
}

}  // namespace

// Fail closed: a label that cannot be put on the process is an error, never an unconfined start.
Status check_labels(const oci::Process& process, const plan::HostFacts& host) {
  if (!process.selinux_label.empty() && !host.selinux_enabled) {
    return Error::unsupported(
        "selinux label is specified in config, but selinux is disabled or not supported");
  }
  if (!process.apparmor_profile.empty() && process.apparmor_profile != "unconfined" &&
      !host.apparmor_enabled) {
    return Error::unsupported(concat("process.apparmorProfile ",
                                     quote(process.apparmor_profile),
                                     ": AppArmor is not enabled on this host"));
  }
  return {};
}

Result<plan::Process> resolve_process(const oci::Process& process,
                                      const plan::HostFacts& host,
                                      std::vector<std::string>& warnings) {
  plan::Process result;
  result.args = process.args;
  TRY_ASSIGN(result.env, resolve_environment(process.env));
  result.cwd = process.cwd.empty() ? "/" : process.cwd;
  TRY(set_user(process.user, result));
  TRY(set_console(process, result));
  result.capabilities = resolve_capabilities(process.capabilities, host, warnings);
  result.no_new_privileges = process.no_new_privileges;
  TRY_ASSIGN(result.rlimits, resolve_rlimits(process.rlimits));
  TRY(set_scheduling(process, result));
  TRY(check_labels(process, host));
  result.selinux_label = process.selinux_label;
  if (host.apparmor_enabled) {
    result.apparmor_profile = process.apparmor_profile;
  }
  return result;
}

Status pass_process(const Request& request, plan::Plan& plan) {
  if (request.spec.process) {
    const bool own_user_namespace = plan.find_namespace(plan::NamespaceType::kUser) != nullptr;
    const plan::HostFacts host =
        own_user_namespace ? facts_in_user_namespace(request.host) : request.host;
    TRY_ASSIGN(plan.process, resolve_process(*request.spec.process, host, plan.warnings));
  }
  const oci::Linux& config = linux_section(request.spec);
  if (config.personality) {
    TRY_ASSIGN(plan.process.personality, resolve_personality(*config.personality, plan.warnings));
  }
  if (config.memory_policy) {
    TRY_ASSIGN(plan.process.memory_policy, resolve_memory_policy(*config.memory_policy));
  }
  return {};
}

}  // namespace redoubt::policy
