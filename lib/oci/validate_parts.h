// The areas that validate() goes through, one file each, and the few checks that they share. For
// validate*.cc only.
#ifndef REDOUBT_OCI_VALIDATE_PARTS_H_
#define REDOUBT_OCI_VALIDATE_PARTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/str.h"
#include "oci/validate.h"

namespace redoubt::oci {

Status validate_hooks(const Hooks& hooks);
Status validate_mounts(const Spec& spec);
Status validate_namespaces(const Spec& spec);
Status validate_linux(const Linux& config, Warnings& warnings);
Status validate_sysctl(const Linux& config);
Status validate_seccomp(const Seccomp& seccomp, Warnings& warnings);

// Id mappings as user_namespaces(7) accepts them: not empty, no overlap on either side, at most 340
// lines.
Status validate_id_mappings(const std::vector<IdMapping>& mappings, std::string_view field);

// A path within the container: absolute, and short enough for the kernel.
Status validate_absolute(std::string_view path, std::string_view field);
Status validate_path_length(std::string_view path, std::string_view field);

// Whether `list` is a cpuset(7) "List format" list, as far as its form goes: "0-3,7", "0-31:2/8".
Status validate_number_list(std::string_view list, std::string_view field);

const Namespace* find_namespace(const Linux& config, std::string_view type);

// "mounts", 3 -> "mounts[3]".
inline std::string indexed(std::string_view field, size_t index) {
  return concat(field, "[", index, "]");
}

inline Error refuse(std::string_view field, std::string_view what) {
  return Error::invalid(concat(field, ": ", what));
}

}  // namespace redoubt::oci

#endif  // REDOUBT_OCI_VALIDATE_PARTS_H_
