// Seccomp profiles of others: the seccomp section of config.json (which Docker, Podman and Kubernetes
// read from files as well) and the SeccompProfile objects of the Security Profiles Operator, from and
// to syscalls.allow. What a list of names cannot say is told, never dropped in silence.
#ifndef REDOUBT_POLICY_AUTHORING_OCI_SECCOMP_H_
#define REDOUBT_POLICY_AUTHORING_OCI_SECCOMP_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "policy/document/document.h"

namespace redoubt::policy {

struct Converted {
  json::Value document;
  std::vector<std::string> notes;  // what got lost or wider, and where
};

// `merged`: with all that the profile extends. Without a list of system calls there is nothing to
// convert, which is an error.
Result<Converted> to_oci_seccomp(const Document& merged);
Result<Converted> to_spo_seccomp(const Document& merged);

// Either form. The profile extends `default`; `source` starts errors and stands in the reasons.
Result<Converted> from_seccomp(std::string_view text,
                               const std::string& source,
                               const std::string& profile_name);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_OCI_SECCOMP_H_
