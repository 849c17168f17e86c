// The `intel_rdt` object of `events`: what the resctrl group of a container may use, and what the
// host has.
#ifndef REDOUBT_SANDBOX_INTEL_RDT_STATS_H_
#define REDOUBT_SANDBOX_INTEL_RDT_STATS_H_

#include <string>

#include "base/json.h"
#include "sandbox/intel_rdt.h"

namespace redoubt::sandbox {

// runc's keys; what the CPU does not have is left out. {} for a group that is gone.
json::Value read_intel_rdt_stats(const std::string& group,
                                 const std::string& mount = kResctrlMount);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_INTEL_RDT_STATS_H_
