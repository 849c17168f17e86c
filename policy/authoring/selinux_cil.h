// A module of SELinux policy (CIL) with a type of its own for the processes of a profile, as udica makes
// one, but without templates: it stands alone on the reference policy or Fedora's. Programs start under
// it with the label system_u:system_r:redoubt_NAME.process:s0.
#ifndef REDOUBT_POLICY_AUTHORING_SELINUX_CIL_H_
#define REDOUBT_POLICY_AUTHORING_SELINUX_CIL_H_

#include "policy/authoring/forms.h"

namespace redoubt::policy {

// With a rootfs, the trees of the profile become types of the files there, by path; without one all
// files of the container have one type and may be used.
Result<Converted> to_selinux_cil(const Document& merged, const WriteOptions& options);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_SELINUX_CIL_H_
