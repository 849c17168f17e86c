// Whether a decoded document makes sense by itself: what runc refuses, it refuses in runc's words,
// and beyond that what the OCI specification forbids and what could only fail later with a worse
// message or leave the container less confined than meant.
//
// Pure: nothing of the host is looked at. What needs the name tables or the host (capability and
// seccomp names, mount options, devices, kernel features) is checked by policy::resolve. An error
// names the field; the first one is returned. Warnings are complete sentences for the log, each
// starts with its field. Called by load_bundle, exec and update.
#ifndef REDOUBT_OCI_VALIDATE_H_
#define REDOUBT_OCI_VALIDATE_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "oci/spec.h"

namespace redoubt::oci {

using Warnings = std::vector<std::string>;

// The whole of config.json, as create, run and restore need it: with a process and a root.
Status validate(const Spec& spec, Warnings& warnings);

// One process: the container's own or that of `exec --process`.
Status validate_process(const Process& process, Warnings& warnings);

// Resources of config.json (field "linux.resources") or of `update --resources` ("resources").
Status validate_resources(const Resources& resources, std::string_view field);

}  // namespace redoubt::oci

#endif  // REDOUBT_OCI_VALIDATE_H_
