#include "policy/refused_file.h"

#include "policy/harden.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

bool covers(const std::string& tree, const std::string& path) {
  return tree == "/" || path == tree || (path.starts_with(tree) && path[tree.size()] == '/');
}

// What the rules give out at this place. They name paths as the profile's author does: one behind a link is another one in the kernel, but no path that
// the kernel has followed leads through a link.
uint64_t granted_at(const plan::Landlock& landlock, const std::string& place) {
  uint64_t access = ~landlock.handled_fs;
  for (const plan::LandlockPath& rule : landlock.paths) {
    access |= covers(rule.path, place) ? rule.access : 0;
  }
  return access;
}

// A file must not gain rights by its new place: what the rules give out there and not at the old one.
uint64_t missing_rights(const plan::Landlock& landlock, const RefusedFile& file) {
  const uint64_t asked = (file.lacking != 0 ? file.lacking : file.wanted) & landlock.handled_fs;
  if (file.place.empty()) {
    return asked;
  }
  const uint64_t here = granted_at(landlock, file.place);
  if (file.other_place.empty()) {
    return asked & ~here;
  }
  const uint64_t there = granted_at(landlock, file.other_place);
  const uint64_t missing = asked & ~(here & there);
  return missing != 0 ? missing : there & ~here;
}

}  // namespace

RefusingRule find_refusing_rule(const plan::Plan& plan, const Document& policy, const RefusedFile& file) {
  const uint64_t missing = missing_rights(plan.hardening.landlock, file);
  for (const Field field : landlock_fields()) {
    if (policy[field].present && (landlock_access_of(field) & missing) != 0) {
      return {std::string(info_of(field).path), place_of(policy.rule_of(field))};
    }
  }
  return {};
}

}  // namespace redoubt::policy
