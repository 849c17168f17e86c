#include "oci/process_json.h"

namespace redoubt::oci {
namespace {

template <typename T>
json::Value array_of(const std::vector<T>& values) {
  json::Value out{json::Array()};
  for (const T& value : values) {
    out.push(value);
  }
  return out;
}

template <typename T>
void set_optional(json::Value& out, std::string_view key, const std::optional<T>& value) {
  if (value) {
    out.set(key, *value);
  }
}

void set_text(json::Value& out, std::string_view key, const std::string& value) {
  if (!value.empty()) {
    out.set(key, value);
  }
}

json::Value to_json(const User& user) {
  json::Value out = json::Value().set("uid", user.uid).set("gid", user.gid);
  set_optional(out, "umask", user.umask);
  out.set("additionalGids", array_of(user.additional_gids));
  return out;
}

json::Value to_json(const Capabilities& capabilities) {
  json::Value out{json::Object()};
  const std::pair<const char*, const std::optional<std::vector<std::string>>*> sets[] = {
      {"bounding", &capabilities.bounding},
      {"effective", &capabilities.effective},
      {"inheritable", &capabilities.inheritable},
      {"permitted", &capabilities.permitted},
      {"ambient", &capabilities.ambient}};
  for (const auto& [name, set] : sets) {
    if (*set) {
      out.set(name, array_of(**set));
    }
  }
  return out;
}

json::Value to_json(const std::vector<Rlimit>& rlimits) {
  json::Value out{json::Array()};
  for (const Rlimit& limit : rlimits) {
    out.push(json::Value().set("type", limit.type).set("hard", limit.hard).set("soft", limit.soft));
  }
  return out;
}

json::Value to_json(const Scheduler& scheduler) {
  json::Value out = json::Value().set("policy", scheduler.policy);
  set_optional(out, "nice", scheduler.nice);
  set_optional(out, "priority", scheduler.priority);
  out.set("flags", array_of(scheduler.flags));
  set_optional(out, "runtime", scheduler.runtime);
  set_optional(out, "deadline", scheduler.deadline);
  set_optional(out, "period", scheduler.period);
  return out;
}

void set_affinity(json::Value& out, const ExecCpuAffinity& affinity) {
  json::Value value{json::Object()};
  set_text(value, "initial", affinity.initial);
  set_text(value, "final", affinity.final_);
  out.set("execCPUAffinity", std::move(value));
}

}  // namespace

json::Value process_to_json(const Process& process) {
  json::Value out = json::Value().set("terminal", process.terminal);
  if (process.console_size) {
    out.set("consoleSize",
            json::Value()
                .set("height", process.console_size->height)
                .set("width", process.console_size->width));
  }
  out.set("user", to_json(process.user));
  out.set("args", array_of(process.args));
  out.set("env", array_of(process.env));
  out.set("cwd", process.cwd);
  if (process.capabilities) {
    out.set("capabilities", to_json(*process.capabilities));
  }
  out.set("rlimits", to_json(process.rlimits));
  out.set("noNewPrivileges", process.no_new_privileges);
  set_text(out, "apparmorProfile", process.apparmor_profile);
  set_optional(out, "oomScoreAdj", process.oom_score_adj);
  if (process.scheduler) {
    out.set("scheduler", to_json(*process.scheduler));
  }
  set_text(out, "selinuxLabel", process.selinux_label);
  if (process.io_priority) {
    out.set("ioPriority",
            json::Value()
                .set("class", process.io_priority->io_class)
                .set("priority", static_cast<int64_t>(process.io_priority->priority)));
  }
  if (process.exec_cpu_affinity) {
    set_affinity(out, *process.exec_cpu_affinity);
  }
  return out;
}

}  // namespace redoubt::oci
