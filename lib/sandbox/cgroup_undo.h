// Undoing writes to cgroup files: what a file said before, as writes that make it say so again.
// Used by cgroup_writes.cc.
#ifndef REDOUBT_SANDBOX_CGROUP_UNDO_H_
#define REDOUBT_SANDBOX_CGROUP_UNDO_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace redoubt::sandbox {

struct CgroupUndo {
  std::string file;
  std::string value;
};

// What to write to `file` in order to undo the write of `value`, given what it reads now. Files
// keyed by device ("8:0 rbps=1000") are undone for that device only: keys the kernel does not list
// had their default.
std::string undo_value(std::string_view file, std::string_view current, std::string_view value);

// Reads the file. Write-only and missing files: an error, there is nothing to undo.
Result<CgroupUndo> remember_setting(int directory_fd,
                                    const std::string& file,
                                    const std::string& value);

// Latest first; failures do not matter, the first error is the one to report.
void undo_settings(int directory_fd, const std::vector<CgroupUndo>& undo);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_CGROUP_UNDO_H_
