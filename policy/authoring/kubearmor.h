// KubeArmorPolicy objects (security.kubearmor.com/v1) from and to profiles: process, file, network and
// capabilities with Allow and Block. What is logged only (Audit), what is for some programs only
// (fromSource) and what is for some owners only is told and taken without the condition.
#ifndef REDOUBT_POLICY_AUTHORING_KUBEARMOR_H_
#define REDOUBT_POLICY_AUTHORING_KUBEARMOR_H_

#include "policy/authoring/forms.h"

namespace redoubt::policy {

inline constexpr std::string_view kKubeArmorGroup = "security.kubearmor.com";

bool is_kubearmor(const FormInput& input);
Result<Converted> from_kubearmor(const FormInput& input);
Result<Converted> to_kubearmor(const Document& merged, const WriteOptions& options);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_KUBEARMOR_H_
