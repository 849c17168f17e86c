// Writes to the files of a cgroup, all or nothing.
//
// A plan::CgroupWrite is one file and one value. Here: which controller a file belongs to, whether
// a value asks for anything at all (an engine's "unlimited" must not fail on a host that lacks the
// controller), the kernel's order quirks, and the undoing of what was already written when a later
// write fails. Called by cgroup.cc for create and update.
#ifndef REDOUBT_SANDBOX_CGROUP_WRITES_H_
#define REDOUBT_SANDBOX_CGROUP_WRITES_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace redoubt::sandbox {

// "memory.swap.max" -> "memory"; "" for the core's own files ("cgroup.*").
std::string_view controller_of(std::string_view file);

// False for a value that is the kernel's default ("max", "0" for memory.low ...): without the
// controller nothing is missing.
bool is_limit_request(const plan::CgroupWrite& write);

// Asked for by linux.resources.unified, whose messages have words of their own.
bool is_unified(const plan::CgroupWrite& write);

// Controllers without which a requested limit cannot be had, in order of appearance, each once.
std::vector<std::string> needed_controllers(const std::vector<plan::CgroupWrite>& writes);

// Writes in the given order. When one fails the earlier ones are undone, if `rollback`, and the
// error names the field, the file and the value. A file that is missing is skipped when nothing is
// requested of it.
Status apply_cgroup_writes(const std::string& directory,
                           const std::vector<plan::CgroupWrite>& writes,
                           bool rollback);

// linux.resources.memory.checkBeforeUpdate: refuses limits below the present usage.
Status check_memory_usage(const std::string& directory,
                          const std::vector<plan::CgroupWrite>& writes);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_CGROUP_WRITES_H_
