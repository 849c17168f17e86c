// Seccomp profiles of others: the seccomp section of config.json (which Docker, Podman and Kubernetes
// read from files as well) and the SeccompProfile objects of the Security Profiles Operator, from and
// to syscalls.allow. What a list of names cannot say is told, never dropped in silence.
#ifndef REDOUBT_POLICY_AUTHORING_OCI_SECCOMP_H_
#define REDOUBT_POLICY_AUTHORING_OCI_SECCOMP_H_

#include "policy/authoring/forms.h"

namespace redoubt::policy {

bool is_oci_seccomp(const FormInput& input);
bool is_spo_seccomp(const FormInput& input);

// The profile extends `default`.
Result<Converted> from_oci_seccomp(const FormInput& input);
Result<Converted> from_spo_seccomp(const FormInput& input);

// Without a list of system calls there is nothing to convert, which is an error.
Result<Converted> to_oci_seccomp(const Document& merged, const WriteOptions& options);
Result<Converted> to_spo_seccomp(const Document& merged, const WriteOptions& options);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_OCI_SECCOMP_H_
