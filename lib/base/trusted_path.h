// Whether anybody but root and the caller can change what a path names: the file itself, a directory on the way to it or a
// symbolic link in between. For the files that decide what this program does: policy, profiles, signatures, the programs of a
// machine.
//
// Every component must belong to root or the caller and must not be writable by group or others; a POSIX ACL that lets
// somebody write shows in the group's bits. A directory with the sticky bit (/tmp) may be on the way, because what lies in it
// is its owner's. Components are looked at from the top, so what was found good cannot be replaced by anybody else afterwards.
#ifndef REDOUBT_BASE_TRUSTED_PATH_H_
#define REDOUBT_BASE_TRUSTED_PATH_H_

#include <sys/stat.h>

#include <set>
#include <string>

#include "base/result.h"

namespace redoubt {

bool is_absence(const Error& error);

class TrustedPaths {
 public:
  // The same path without symbolic links. An error names the component and the remedy; where one is not there, it is_absence(),
  // but not where a link leads nowhere. `path` is absolute. What one call has found good, the next ones do not look at again.
  Result<std::string> resolve(const std::string& path);

  // Of what resolve() gave.
  bool is_directory(const std::string& resolved) const { return good_.find(resolved) != good_.end(); }

  // Of what was opened by a path that resolve() gave; `path` is for the error.
  static Status check(const struct stat& st, const std::string& path);

 private:
  Result<std::string> step(const std::string& path, bool is_last);

  std::set<std::string> good_;  // directories without links
};

}  // namespace redoubt

#endif  // REDOUBT_BASE_TRUSTED_PATH_H_
