// The root file system: where it is, whether it is read-only, how mounts propagate between it and
// the host.
#include <sys/mount.h>

#include "base/str.h"
#include "plan/lexical_path.h"
#include "plan/mount_options.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

// The default lets mounts of the host into the container's tree before pivot_root(2), never the
// other way.
Status set_propagation(const std::string& word, plan::Rootfs& rootfs) {
  if (word.empty()) {
    rootfs.propagation = MS_SLAVE;
    rootfs.recursive_propagation = true;
    return {};
  }
  const std::optional<plan::Propagation> found = plan::find_propagation(word);
  if (!found) {
    return Error::invalid(concat("rootfsPropagation=", word, " is not supported"));
  }
  if (rootfs.no_pivot && found->flag == MS_PRIVATE) {
    return Error::invalid("rootfsPropagation of [r]private is not safe without pivot_root");
  }
  rootfs.propagation = found->flag;
  rootfs.recursive_propagation = found->recursive;
  return {};
}

}  // namespace

Status pass_rootfs(const Request& request, plan::Plan& plan) {
  if (!request.spec.root || request.spec.root->path.empty()) {
    return Error::invalid("root must be specified");
  }
  plan.rootfs.path = plan::absolute_from(request.bundle, request.spec.root->path);
  plan.rootfs.readonly = request.spec.root->readonly;
  plan.rootfs.no_pivot = request.no_pivot;
  return set_propagation(linux_section(request.spec).rootfs_propagation, plan.rootfs);
}

}  // namespace redoubt::policy
