// A tree of mounts, from the mount namespace of one process into that of another: as open_tree(2) with
// OPEN_TREE_CLONE takes it and move_mount(2) attaches it. Both calls want to be in the namespace, so a
// child does it. launch puts a container's files into the machine of its pod this way.
#ifndef REDOUBT_SANDBOX_MOUNT_TRANSFER_H_
#define REDOUBT_SANDBOX_MOUNT_TRANSFER_H_

#include <string>

#include "base/result.h"
#include "sandbox/process_identity.h"

namespace redoubt::sandbox {

// `folder`/`name`, absolute in both namespaces. In the target's, `name` is made if it is not there, and no
// symbolic link below `folder` is followed: whoever may write there gains nothing.
Status transfer_mounts(const ProcessIdentity& from,
                       const ProcessIdentity& to,
                       const std::string& folder,
                       const std::string& name);

// Takes away what transfer_mounts() has put there. That nothing is there is no error.
Status remove_mounts(const ProcessIdentity& from, const std::string& folder, const std::string& name);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_MOUNT_TRANSFER_H_
