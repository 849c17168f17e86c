// How the process is scheduled and where its memory comes from: sched_setattr(2), ioprio_set(2),
// set_mempolicy(2), personality(2).
#include <linux/mempolicy.h>
#include <linux/sched.h>

#include <bit>

#include "base/str.h"
#include "plan/cpu_list.h"
#include "plan/scheduling_names.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

constexpr int kMinNice = -20;
constexpr int kMaxNice = 19;
constexpr int kIoPriorityLevels = 8;

// Fields that the kernel would ignore under the given policy are mistakes of the writer.
Status check_scheduler_fields(const oci::Scheduler& s, uint64_t policy) {
  const int nice = s.nice.value_or(0);
  if ((policy == SCHED_NORMAL || policy == SCHED_BATCH) && (nice < kMinNice || nice > kMaxNice)) {
    return Error::invalid(
        concat("invalid scheduler.nice: ", nice, " when scheduler.policy is ", s.policy));
  }
  if (s.priority.value_or(0) != 0 && policy != SCHED_FIFO && policy != SCHED_RR) {
    return Error::invalid(
        "scheduler.priority can only be specified for SchedFIFO or SchedRR policy");
  }
  if (s.priority.value_or(0) < 0) {
    return Error::invalid(concat("process.scheduler.priority: ", *s.priority, " is negative"));
  }
  const bool deadline_fields =
      s.runtime.value_or(0) != 0 || s.deadline.value_or(0) != 0 || s.period.value_or(0) != 0;
  if (policy != SCHED_DEADLINE && deadline_fields) {
    return Error::invalid(
        "scheduler runtime/deadline/period can only be specified for SchedDeadline policy");
  }
  return {};
}

Status check_node_count(const std::string& mode_name,
                        uint64_t mode,
                        const plan::MemoryPolicy& result) {
  int count = 0;
  for (const uint64_t word : result.nodes) {
    count += std::popcount(word);
  }
  if ((mode == MPOL_DEFAULT || mode == MPOL_LOCAL) && count != 0) {
    return Error::invalid(concat("invalid memory policy nodes: ", mode_name, " takes none"));
  }
  const bool optional_nodes = mode == MPOL_DEFAULT || mode == MPOL_LOCAL || mode == MPOL_PREFERRED;
  if (!optional_nodes && count == 0) {
    return Error::invalid(
        concat("invalid memory policy nodes: ", mode_name, " needs at least one"));
  }
  return {};
}

}  // namespace

Result<plan::Scheduler> resolve_scheduler(const oci::Scheduler& s) {
  if (s.policy.empty()) {
    return Error::invalid("scheduler policy is required");
  }
  const auto policy = plan::find_number(plan::scheduler_policy_names(), s.policy);
  if (!policy) {
    return Error::invalid(concat("invalid scheduler policy: ", s.policy));
  }
  TRY(check_scheduler_fields(s, *policy));
  plan::Scheduler result;
  result.policy = static_cast<uint32_t>(*policy);
  result.nice = s.nice.value_or(0);
  result.priority = static_cast<uint32_t>(s.priority.value_or(0));
  result.runtime = s.runtime.value_or(0);
  result.deadline = s.deadline.value_or(0);
  result.period = s.period.value_or(0);
  for (const std::string& name : s.flags) {
    const auto flag = plan::find_number(plan::scheduler_flag_names(), name);
    if (!flag) {
      return Error::invalid(concat("invalid scheduler flag: ", name));
    }
    result.flags |= *flag;
  }
  return result;
}

Result<int> resolve_io_priority(const oci::IoPriority& priority) {
  const auto io_class = plan::find_number(plan::io_priority_class_names(), priority.io_class);
  if (!io_class) {
    return Error::invalid(concat("invalid ioPriority.class: ", quote(priority.io_class)));
  }
  if (priority.priority < 0 || priority.priority >= kIoPriorityLevels) {
    return Error::invalid(concat("invalid ioPriority.Priority: ", priority.priority));
  }
  return static_cast<int>(*io_class << plan::kIoPriorityClassShift) | priority.priority;
}

Result<plan::MemoryPolicy> resolve_memory_policy(const oci::MemoryPolicy& policy) {
  plan::MemoryPolicy result;
  const auto mode = plan::find_number(plan::memory_policy_mode_names(), policy.mode);
  if (!mode) {
    return Error::invalid(concat("invalid memory policy mode ", quote(policy.mode)));
  }
  uint64_t bits = *mode;
  for (const std::string& name : policy.flags) {
    const auto flag = plan::find_number(plan::memory_policy_flag_names(), name);
    if (!flag) {
      return Error::invalid(concat("invalid memory policy flag ", quote(name)));
    }
    bits |= *flag;
  }
  result.mode = static_cast<int>(bits);
  TRY_ASSIGN(result.nodes,
             plan::parse_cpu_list(policy.nodes).context("invalid memory policy nodes"));
  TRY(check_node_count(policy.mode, *mode, result));
  return result;
}

Result<unsigned long> resolve_personality(const oci::Personality& personality,
                                          std::vector<std::string>& warnings) {
  if (!personality.flags.empty()) {
    warnings.push_back(
        concat("ignoring unsupported personality flags: [", join(personality.flags, " "), "]"));
  }
  const auto domain = plan::find_number(plan::personality_domain_names(), personality.domain);
  if (!domain) {
    return Error::invalid(concat("invalid personality domain ", personality.domain));
  }
  return static_cast<unsigned long>(*domain);
}

}  // namespace redoubt::policy
