#include "plan/scheduling_names.h"

#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <sys/personality.h>

#include <array>

namespace redoubt::plan {
namespace {

// Reserved by linux/sched.h in a comment only; the kernel refuses it, but the word is the spec's.
constexpr uint64_t kSchedIso = 4;
// Since Linux 6.9, not in this system's header.
constexpr uint64_t kMpolWeightedInterleave = 6;

constexpr auto kSchedulerPolicies = std::to_array<NamedNumber>({
    {"SCHED_BATCH", SCHED_BATCH},
    {"SCHED_DEADLINE", SCHED_DEADLINE},
    {"SCHED_FIFO", SCHED_FIFO},
    {"SCHED_IDLE", SCHED_IDLE},
    {"SCHED_ISO", kSchedIso},
    {"SCHED_OTHER", SCHED_NORMAL},
    {"SCHED_RR", SCHED_RR},
});

constexpr auto kSchedulerFlags = std::to_array<NamedNumber>({
    {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
    {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
    {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
    {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
    {"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
    {"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
});

// linux/ioprio.h of Linux 6.1.192 is no C++: a parameter is named `class`. ioprio_set(2) has the numbers.
constexpr auto kIoPriorityClasses = std::to_array<NamedNumber>({
    {"IOPRIO_CLASS_BE", 2},
    {"IOPRIO_CLASS_IDLE", 3},
    {"IOPRIO_CLASS_RT", 1},
});

constexpr auto kMemoryPolicyModes = std::to_array<NamedNumber>({
    {"MPOL_BIND", MPOL_BIND},
    {"MPOL_DEFAULT", MPOL_DEFAULT},
    {"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
    {"MPOL_LOCAL", MPOL_LOCAL},
    {"MPOL_PREFERRED", MPOL_PREFERRED},
    {"MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY},
    {"MPOL_WEIGHTED_INTERLEAVE", kMpolWeightedInterleave},
});

constexpr auto kMemoryPolicyFlags = std::to_array<NamedNumber>({
    {"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING},
    {"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
    {"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
});

constexpr auto kPersonalityDomains = std::to_array<NamedNumber>({
    {"LINUX", PER_LINUX},
    {"LINUX32", PER_LINUX32},
});

}  // namespace

std::span<const NamedNumber> scheduler_policy_names() {
  return kSchedulerPolicies;
}
std::span<const NamedNumber> scheduler_flag_names() {
  return kSchedulerFlags;
}
std::span<const NamedNumber> io_priority_class_names() {
  return kIoPriorityClasses;
}
std::span<const NamedNumber> memory_policy_mode_names() {
  return kMemoryPolicyModes;
}
std::span<const NamedNumber> memory_policy_flag_names() {
  return kMemoryPolicyFlags;
}
std::span<const NamedNumber> personality_domain_names() {
  return kPersonalityDomains;
}

}  // namespace redoubt::plan
