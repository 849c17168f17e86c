#include "runc-compat/launch/step_names.h"

#include <cstddef>
#include <iterator>

namespace redoubt::launch {
namespace {

// In the order of InitStep.
constexpr std::string_view kNames[] = {
    "start",
    "join namespaces",
    "time offsets",
    "clone into new namespaces",
    "wait for the parent",
    "become root of the user namespace",
    "IPC namespace",
    "namespaces made ahead",
    "new session",
    "session keyring",
    "loopback interface",
    "cgroup namespace",
    "root propagation",
    "bind the rootfs",
    "mounts",
    "devices",
    "prestart and createRuntime hooks",
    "createContainer hooks",
    "working directory",
    "masked paths",
    "read-only paths",
    "read-only root",
    "pivot_root",
    "console",
    "hostname",
    "sysctl",
    "set up, reporting to the parent",
    "scheduling",
    "stdio",
    "label",
    "no_new_privs",
    "Landlock",
    "seccomp, before the identity changes",
    "identity",
    "capabilities",
    "change to the working directory",
    "HOME",
    "look up the command",
    "seccomp, with no_new_privs",
    "done",
    "wait for start",
    "startContainer hooks",
    "execve",
};
static_assert(std::size(kNames) == static_cast<size_t>(init::InitStep::kCount));

}  // namespace

std::string_view step_name(init::InitStep step) {
  const auto index = static_cast<size_t>(step);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

}  // namespace redoubt::launch
