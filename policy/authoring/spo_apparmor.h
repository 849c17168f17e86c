// AppArmorProfile objects of the Security Profiles Operator: spec.abstract (programs, libraries, paths,
// network, capabilities) from and to profiles, and spec.policy, which is AppArmor as text, from.
#ifndef REDOUBT_POLICY_AUTHORING_SPO_APPARMOR_H_
#define REDOUBT_POLICY_AUTHORING_SPO_APPARMOR_H_

#include "policy/authoring/forms.h"

namespace redoubt::policy {

bool is_spo_apparmor(const FormInput& input);
Result<Converted> from_spo_apparmor(const FormInput& input);
Result<Converted> to_spo_apparmor(const Document& merged, const WriteOptions& options);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_SPO_APPARMOR_H_
