// Resource limits of the process, prlimit(2).
#include "base/str.h"
#include "plan/rlimit_names.h"
#include "policy/passes.h"

namespace redoubt::policy {

Result<std::vector<plan::Rlimit>> resolve_rlimits(const std::vector<oci::Rlimit>& rlimits) {
  std::vector<plan::Rlimit> result;
  for (size_t i = 0; i < rlimits.size(); ++i) {
    const std::optional<uint64_t> resource =
        plan::find_number(plan::rlimit_names(), rlimits[i].type);
    if (!resource) {
      return Error::invalid(
          concat(indexed("process.rlimits", i), ": invalid rlimit type ", quote(rlimits[i].type)));
    }
    if (rlimits[i].soft > rlimits[i].hard) {
      return Error::invalid(concat(indexed("process.rlimits", i),
                                   ": soft limit ",
                                   rlimits[i].soft,
                                   " is above the hard limit ",
                                   rlimits[i].hard));
    }
    result.push_back({static_cast<int>(*resource), rlimits[i].soft, rlimits[i].hard});
  }
  return result;
}

}  // namespace redoubt::policy
