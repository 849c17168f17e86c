// The config.json that the `spec` verb writes: a shell in a confined container, byte for byte
// runc's document but for the host name. `--rootless` makes it one that a user without privilege
// can run.
#ifndef REDOUBT_OCI_SPEC_TEMPLATE_H_
#define REDOUBT_OCI_SPEC_TEMPLATE_H_

#include <sys/types.h>

#include <string>

#include "base/json.h"

namespace redoubt::oci {

struct TemplateOptions {
  std::string hostname = "redoubt";  // "runc" when called by that name
  bool cgroup_namespace = true;      // the host has cgroup v2 only
  bool rootless = false;
  uid_t uid = 0;  // rootless: who becomes root inside
  gid_t gid = 0;
};

json::Value spec_template(const TemplateOptions& options);

}  // namespace redoubt::oci

#endif  // REDOUBT_OCI_SPEC_TEMPLATE_H_
