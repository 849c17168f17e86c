// AppArmor profiles as text, apparmor.d(5), from and to profiles. What it reads is one profile with its
// rules of files, capabilities, network, signals, ptrace, mounts, user namespaces and limits, its
// variables, and the abstractions of apparmor_abstractions.cc. What it writes, apparmor_parser 3.0 and
// later load.
#ifndef REDOUBT_POLICY_AUTHORING_APPARMOR_H_
#define REDOUBT_POLICY_AUTHORING_APPARMOR_H_

#include "policy/authoring/forms.h"

namespace redoubt::policy {

bool is_apparmor(const FormInput& input);
Result<Converted> from_apparmor(const FormInput& input);
Result<Converted> to_apparmor(const Document& merged, const WriteOptions& options);

// The rules of one abstraction ("abstractions/base"), as text; empty: not known.
std::string_view apparmor_abstraction(std::string_view name);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_APPARMOR_H_
