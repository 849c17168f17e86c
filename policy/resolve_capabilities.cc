// Capabilities: five lists of names become five masks. Nothing is ever added; what is unknown or
// cannot be had is left out and said once.
#include <set>

#include "base/str.h"
#include "plan/capability_names.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

using Names = std::optional<std::vector<std::string>>;

uint64_t mask_of(const Names& names, uint64_t available, std::set<std::string>& left_out) {
  uint64_t mask = 0;
  for (const std::string& name : names.value_or(std::vector<std::string>())) {
    const std::optional<int> number = plan::capability_number(name);
    const uint64_t bit = number ? uint64_t{1} << *number : 0;
    if ((bit & available) == 0) {
      left_out.insert(name);
    } else {
      mask |= bit;
    }
  }
  return mask;
}

}  // namespace

plan::Capabilities resolve_capabilities(const std::optional<oci::Capabilities>& capabilities,
                                        const plan::HostFacts& host,
                                        std::vector<std::string>& warnings) {
  plan::Capabilities masks;
  if (!capabilities) {
    return masks;
  }
  const uint64_t available =
      host.bounding_capabilities & facts_in_user_namespace(host).bounding_capabilities;
  std::set<std::string> left_out;
  masks.bounding = mask_of(capabilities->bounding, available, left_out);
  masks.effective = mask_of(capabilities->effective, available, left_out);
  masks.inheritable = mask_of(capabilities->inheritable, available, left_out);
  masks.permitted = mask_of(capabilities->permitted, available, left_out);
  masks.ambient = mask_of(capabilities->ambient, available, left_out);
  if (!left_out.empty()) {
    const std::vector<std::string> names(left_out.begin(), left_out.end());
    warnings.push_back(
        concat("ignoring unknown or unavailable capabilities: [", join(names, " "), "]"));
  }
  return masks;
}

}  // namespace redoubt::policy
