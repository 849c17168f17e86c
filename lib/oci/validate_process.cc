// The process object: config.md, "Process", "POSIX process" and "Linux process".
#include <algorithm>
#include <cstdint>

#include "oci/validate_parts.h"

namespace redoubt::oci {
namespace {

constexpr uint32_t kNoId = UINT32_MAX;  // (uid_t)-1 means "leave unchanged" to setresuid(2)
constexpr size_t kMaxGroups = 65536;    // NGROUPS_MAX, setgroups(2)
constexpr int kMaxOomScoreAdj = 1000;   // proc(5), /proc/PID/oom_score_adj
constexpr uint32_t kMaxTerminalSide = UINT16_MAX;  // struct winsize, ioctl_tty(2)

// config.md, "Process": cwd and args, in runc's words.
Status validate_command(const Process& process) {
  if (process.cwd.empty()) {
    return refuse("process.cwd", "Cwd property must not be empty");
  }
  if (process.cwd.front() != '/') {
    return refuse("process.cwd", "Cwd must be an absolute path");
  }
  TRY(validate_path_length(process.cwd, "process.cwd"));
  if (process.args.empty()) {
    return refuse("process.args", "args must not be empty");
  }
  return {};
}

// config.md, "POSIX process", env: entries have the form of environ(7).
Status validate_env(const std::vector<std::string>& env) {
  for (size_t i = 0; i < env.size(); ++i) {
    const size_t equals = env[i].find('=');
    if (equals == std::string::npos) {
      return refuse(indexed("process.env", i), "invalid environment variable: missing '='");
    }
    if (equals == 0) {
      return refuse(indexed("process.env", i),
                    "invalid environment variable: name cannot be empty");
    }
  }
  return {};
}

// config.md, "POSIX-platform user".
Status validate_user(const User& user) {
  if (user.uid == kNoId) {
    return refuse("process.user.uid", concat(user.uid, " is not a user id"));
  }
  if (user.gid == kNoId) {
    return refuse("process.user.gid", concat(user.gid, " is not a group id"));
  }
  const std::vector<uint32_t>& groups = user.additional_gids;
  if (groups.size() > kMaxGroups) {
    return refuse("process.user.additionalGids",
                  concat(groups.size(), " entries, kernel limit ", kMaxGroups));
  }
  const auto bad = std::find(groups.begin(), groups.end(), kNoId);
  if (bad != groups.end()) {
    const auto index = static_cast<size_t>(bad - groups.begin());
    return refuse(indexed("process.user.additionalGids", index),
                  concat(*bad, " is not a group id"));
  }
  return {};
}

// config.md, "POSIX process", rlimits: two entries of one type must be refused.
Status validate_rlimits(const std::vector<Rlimit>& rlimits) {
  for (size_t i = 0; i < rlimits.size(); ++i) {
    const std::string field = indexed("process.rlimits", i);
    if (rlimits[i].soft > rlimits[i].hard) {
      return refuse(field, concat("soft ", rlimits[i].soft, " > hard ", rlimits[i].hard));
    }
    for (size_t j = 0; j < i; ++j) {
      if (rlimits[j].type == rlimits[i].type) {
        return refuse(field, concat(quote(rlimits[i].type), " is given twice"));
      }
    }
  }
  return {};
}

// config.md, "Process", consoleSize, and "Linux process", oomScoreAdj.
Status validate_ranges(const Process& process) {
  if (const uint32_t umask = process.user.umask.value_or(0); umask > 0777) {
    return refuse("process.user.umask", concat(umask, " is above 511 (0777)"));
  }
  if (process.console_size) {
    const auto& [height, width] = *process.console_size;
    if (height > kMaxTerminalSide || width > kMaxTerminalSide) {
      return refuse("process.consoleSize",
                    concat(height, "x", width, "; at most ", kMaxTerminalSide));
    }
  }
  const int adjustment = process.oom_score_adj.value_or(0);
  if (adjustment < -kMaxOomScoreAdj || adjustment > kMaxOomScoreAdj) {
    return refuse("process.oomScoreAdj", concat(adjustment, " is not in range -1000 to 1000"));
  }
  return {};
}

// config.md, "Linux process", scheduler; sched_setattr(2). Names are resolved later.
Status validate_scheduler(const Scheduler& scheduler) {
  if (scheduler.policy.empty()) {
    return refuse("process.scheduler.policy", "scheduler policy is required");
  }
  const bool normal = scheduler.policy == "SCHED_OTHER" || scheduler.policy == "SCHED_BATCH";
  const int nice = scheduler.nice.value_or(0);
  if (normal && (nice < -20 || nice > 19)) {
    return refuse(
        "process.scheduler.nice",
        concat("invalid scheduler.nice: ", nice, " when scheduler.policy is ", scheduler.policy));
  }
  const bool realtime = scheduler.policy == "SCHED_FIFO" || scheduler.policy == "SCHED_RR";
  if (scheduler.priority.value_or(0) != 0 && !realtime) {
    return refuse("process.scheduler.priority",
                  "scheduler.priority can only be specified for SchedFIFO or SchedRR policy");
  }
  const bool timed = scheduler.runtime.value_or(0) != 0 || scheduler.deadline.value_or(0) != 0 ||
                     scheduler.period.value_or(0) != 0;
  if (timed && scheduler.policy != "SCHED_DEADLINE") {
    return refuse(
        "process.scheduler",
        "scheduler runtime/deadline/period can only be specified for SchedDeadline policy");
  }
  return {};
}

// config.md, "Linux process", ioPriority and execCPUAffinity.
Status validate_placement(const Process& process) {
  if (process.io_priority) {
    const int priority = process.io_priority->priority;
    if (priority < 0 || priority > 7) {
      return refuse("process.ioPriority.priority",
                    concat("invalid ioPriority.Priority: ", priority));
    }
  }
  if (process.exec_cpu_affinity) {
    TRY(validate_number_list(process.exec_cpu_affinity->initial,
                             "process.execCPUAffinity.initial"));
    TRY(validate_number_list(process.exec_cpu_affinity->final_, "process.execCPUAffinity.final"));
  }
  return {};
}

}  // namespace

Status validate_process(const Process& process, Warnings& /*warnings*/) {
  TRY(validate_command(process));
  TRY(validate_env(process.env));
  TRY(validate_user(process.user));
  TRY(validate_rlimits(process.rlimits));
  TRY(validate_ranges(process));
  if (process.scheduler) {
    TRY(validate_scheduler(*process.scheduler));
  }
  return validate_placement(process);
}

}  // namespace redoubt::oci
