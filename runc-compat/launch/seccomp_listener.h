// Hands the listener of a seccomp profile with NOTIFY rules to the agent at its listenerPath.
//
// The listener is born in init, which reports only its number (under the filter, a plain write is
// all it can do); the parent fetches it with pidfd_getfd(2), sends it with the
// ContainerProcessState of the OCI runtime specification (config-linux.md, "The Container Process
// State") and keeps no copy. Called by launch, at create and at exec, while init waits for the
// answer.
#ifndef REDOUBT_LAUNCH_SECCOMP_LISTENER_H_
#define REDOUBT_LAUNCH_SECCOMP_LISTENER_H_

#include <sys/types.h>

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace redoubt::launch {

struct SeccompListener {
  int pidfd = -1;      // of the process that holds the listener
  pid_t pid = 0;       // the same process as the host sees it; goes into the document
  int remote_fd = -1;  // the listener's number there
  std::string path;    // linux.seccomp.listenerPath
  std::string metadata;
  std::string oci_version;
  json::Value state;  // the container's State document ("creating" for init, "running" for exec)
};

Status send_seccomp_listener(const SeccompListener& listener);

// Finds out before anything is started that the path is missing. Does not connect: an agent would
// take that for a container.
Status check_seccomp_listener_path(const std::string& path);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_SECCOMP_LISTENER_H_
