#include "runc-compat/launch/seccomp_listener.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/str.h"
#include "runc-compat/launch/console_socket.h"
#include "sandbox/pidfd_get.h"

namespace redoubt::launch {
namespace {

constexpr const char* kNotSet = "seccomp listenerPath is not set";
constexpr const char* kConnectFailed =
    "failed to connect with seccomp agent specified in the seccomp profile";

Result<UniqueFd> connect_agent(const std::string& path) {
  if (path.empty()) {
    return Error::invalid(kNotSet);
  }
  return connect_unix(path, kConnectFailed);
}

// The document of config-linux.md, members in runc's order.
json::Value process_state(const SeccompListener& listener) {
  json::Value fds;
  fds.push("seccompFd");
  json::Value document;
  document.set("ociVersion", listener.oci_version);
  document.set("fds", std::move(fds));
  document.set("pid", static_cast<int64_t>(listener.pid));
  if (!listener.metadata.empty()) {
    document.set("metadata", listener.metadata);
  }
  document.set("state", listener.state);
  return document;
}

}  // namespace

Status check_seccomp_listener_path(const std::string& path) {
  if (path.empty()) {
    return Error::invalid(kNotSet);
  }
  struct stat st {};
  if (!path.starts_with('@') && stat(path.c_str(), &st) != 0) {
    return Error::system(errno, concat(kConnectFailed, ": stat ", path));
  }
  return {};
}

Status send_seccomp_listener(const SeccompListener& listener) {
  TRY_ASSIGN(const UniqueFd agent, connect_agent(listener.path));
  TRY_ASSIGN(const UniqueFd fd, sandbox::copy_remote_fd(listener.pidfd, listener.remote_fd));
  return send_descriptor(
      agent.get(), fd.get(), json::dump(process_state(listener)), "seccomp agent");
}

}  // namespace redoubt::launch
