// Words about how a process is scheduled and where its memory comes from: scheduler policies and
// flags (sched_setattr(2)), I/O priority classes (ioprio_set(2)), memory policies
// (set_mempolicy(2)), execution domains (personality(2)).
#ifndef REDOUBT_PLAN_SCHEDULING_NAMES_H_
#define REDOUBT_PLAN_SCHEDULING_NAMES_H_

#include "plan/name_table.h"

namespace redoubt::plan {

// An I/O priority is its class above its level.
inline constexpr int kIoPriorityClassShift = 13;

std::span<const NamedNumber> scheduler_policy_names();   // SCHED_*
std::span<const NamedNumber> scheduler_flag_names();     // SCHED_FLAG_*
std::span<const NamedNumber> io_priority_class_names();  // IOPRIO_CLASS_*
std::span<const NamedNumber>
memory_policy_mode_names();  // MPOL_*: what `features` lists as memoryPolicy.modes
std::span<const NamedNumber> memory_policy_flag_names();  // MPOL_F_*: memoryPolicy.flags
std::span<const NamedNumber> personality_domain_names();  // LINUX, LINUX32

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_SCHEDULING_NAMES_H_
