// Which rule has refused to open, make, remove or rename a file: the way back from what Landlock was asked to the field of the policy that
// would have to allow it. Pure; for the reader of the log of violations.
#ifndef REDOUBT_POLICY_REFUSED_FILE_H_
#define REDOUBT_POLICY_REFUSED_FILE_H_

#include <cstdint>
#include <string>

#include "plan/plan.h"
#include "policy/document/document.h"
#include "policy/refused_call.h"

namespace redoubt::policy {

struct RefusedFile {
  uint64_t wanted = 0;   // LANDLOCK_ACCESS_FS_*
  uint64_t lacking = 0;  // what of it was missing; 0: not known
  // Where Landlock looked for a rule, and above: the file, or the directory in which a name was to be made or removed. Empty: not known.
  std::string place;
  std::string other_place;  // of link and rename, the directory of the new name; else empty
};

// Both are empty when the container's rules refuse none of it: the program has put rules on itself, or the tree of a rule was not there yet when
// the container started.
RefusingRule find_refusing_rule(const plan::Plan& plan, const Document& policy, const RefusedFile& file);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_REFUSED_FILE_H_
