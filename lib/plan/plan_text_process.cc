#include "plan/capability_names.h"
#include "plan/plan_text_parts.h"
#include "plan/rlimit_names.h"
#include "plan/scheduling_names.h"

namespace redoubt::plan {
namespace {

std::string limit_text(uint64_t value) {
  return value == ~uint64_t{0} ? std::string("unlimited") : concat(value);
}

void write_capabilities(std::string_view set, uint64_t mask, TextWriter& out) {
  if (mask == kAllCapabilities) {
    out.line("capabilities ", set, ": all");
    return;
  }
  out.line("capabilities ",
           set,
           ": ",
           mask == 0 ? std::string("none") : join(capability_names_of(mask), " "));
}

void write_scheduler(const Scheduler& s, TextWriter& out) {
  out.line("scheduler: ",
           find_name(scheduler_policy_names(), s.policy),
           " nice ",
           s.nice,
           " priority ",
           s.priority,
           " runtime ",
           s.runtime,
           " deadline ",
           s.deadline,
           " period ",
           s.period);
  for (const NamedNumber& flag : scheduler_flag_names()) {
    out.flag(concat("scheduler flag ", flag.name), (s.flags & flag.number) != 0);
  }
}

void write_memory_policy(const MemoryPolicy& policy, TextWriter& out) {
  std::string flags;
  uint64_t mode = static_cast<uint64_t>(policy.mode);
  for (const NamedNumber& flag : memory_policy_flag_names()) {
    if ((mode & flag.number) != 0) {
      mode &= ~flag.number;
      flags += concat(" ", flag.name);
    }
  }
  out.line("memory policy: ", find_name(memory_policy_mode_names(), mode), flags);
  for (size_t i = 0; i < policy.nodes.size() * 64; ++i) {
    if ((policy.nodes[i / 64] >> (i % 64) & 1) != 0) {
      out.line("memory node ", i);
    }
  }
}

void write_identity(const Process& process, TextWriter& out) {
  out.line("user: ", process.uid, ":", process.gid);
  for (const gid_t gid : process.additional_gids) {
    out.line("group ", gid);
  }
  out.line("umask: ", octal(process.umask));
  out.text("selinux label", process.selinux_label);
  out.text("apparmor profile", process.apparmor_profile);
}

void write_scheduling(const Process& process, TextWriter& out) {
  if (process.oom_score_adj) {
    out.line("oom score adjustment: ", *process.oom_score_adj);
  }
  if (process.scheduler) {
    write_scheduler(*process.scheduler, out);
  }
  if (process.io_priority) {
    const auto value = static_cast<uint64_t>(*process.io_priority);
    out.line("i/o priority: ",
             find_name(io_priority_class_names(), value >> kIoPriorityClassShift),
             " ",
             value & 7U);
  }
  out.text("cpu affinity before joining the cgroup", process.cpu_affinity_initial);
  out.text("cpu affinity", process.cpu_affinity_final);
  if (process.personality) {
    out.line("personality: ", find_name(personality_domain_names(), *process.personality));
  }
  if (process.memory_policy) {
    write_memory_policy(*process.memory_policy, out);
  }
}

}  // namespace

void write_process(const Process& process, TextWriter& out) {
  out.section("process");
  for (const std::string& arg : process.args) {
    out.line("arg ", quote(arg));
  }
  for (const std::string& entry : process.env) {
    out.line("env ", quote(entry));
  }
  out.line("cwd: ", quote(process.cwd));
  if (process.terminal) {
    out.line("terminal ", process.console_height, "x", process.console_width);
  }
  write_identity(process, out);
  const Capabilities& caps = process.capabilities;
  write_capabilities("bounding", caps.bounding, out);
  write_capabilities("effective", caps.effective, out);
  write_capabilities("inheritable", caps.inheritable, out);
  write_capabilities("permitted", caps.permitted, out);
  write_capabilities("ambient", caps.ambient, out);
  out.flag("no new privileges", process.no_new_privileges);
  for (const Rlimit& limit : process.rlimits) {
    out.line(find_name(rlimit_names(), static_cast<uint64_t>(limit.resource)),
             ": soft ",
             limit_text(limit.soft),
             " hard ",
             limit_text(limit.hard));
  }
  write_scheduling(process, out);
}

}  // namespace redoubt::plan
