#include "runc-compat/launch/console_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <optional>
#include <span>

#include "base/descriptors.h"
#include "base/str.h"

namespace redoubt::launch {
namespace {

constexpr timeval kPatience = {10, 0};  // also bounds connect(2), unix(7)

struct UnixAddress {
  sockaddr_un address{};
  socklen_t length = 0;
};

std::optional<UnixAddress> unix_address(const std::string& path) {
  UnixAddress result;
  result.address.sun_family = AF_UNIX;
  const bool abstract = path.starts_with('@');
  if (path.empty() || path.size() + (abstract ? 0 : 1) > sizeof result.address.sun_path) {
    return std::nullopt;
  }
  memcpy(result.address.sun_path, path.data(), path.size());
  if (abstract) {
    result.address.sun_path[0] = '\0';
  }
  result.length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
  return result;
}

// A path too long for sockaddr_un is reached through a descriptor of the socket's inode; `holder`
// keeps that open.
Result<UnixAddress> resolve(const std::string& path, const std::string& what, UniqueFd& holder) {
  if (const std::optional<UnixAddress> address = unix_address(path)) {
    return *address;
  }
  holder.reset(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!holder.valid()) {
    return Error::system(errno, what);
  }
  return *unix_address(concat("/proc/self/fd/", holder.get()));
}

int connect_retrying(int fd, const UnixAddress& to) {
  int rc = 0;
  do {
    rc = connect(fd, reinterpret_cast<const sockaddr*>(&to.address), to.length);
  } while (rc != 0 && errno == EINTR);
  return rc;
}

}  // namespace

Result<UniqueFd> connect_unix(const std::string& path, std::string_view what) {
  const std::string frame = concat(what, ": dial unix ", path, ": connect");
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return Error::system(errno, concat(what, ": socket"));
  }
  if (setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience) != 0) {
    return Error::system(errno, concat(what, ": setsockopt"));
  }
  UniqueFd holder;
  TRY_ASSIGN(const UnixAddress address, resolve(path, frame, holder));
  if (connect_retrying(fd.get(), address) != 0) {
    return Error::system(errno == EAGAIN ? ETIMEDOUT : errno, frame);
  }
  return fd;
}

Status send_descriptor(int socket_fd, int fd, std::string_view payload, std::string_view what) {
  const ssize_t sent = send_with_descriptors(socket_fd, payload, std::span(&fd, 1));
  if (sent < 0) {
    return Error::system(errno == EAGAIN ? ETIMEDOUT : errno, concat(what, ": sendmsg"));
  }
  if (static_cast<size_t>(sent) != payload.size()) {
    return Error(ErrorKind::kSystem,
                 concat(what, ": sendmsg took ", sent, " of ", payload.size(), " bytes"));
  }
  return {};
}

Status send_console(int socket_fd, int master_fd) {
  // Nothing looks the name up: the descriptor is what counts. Receivers want a non-empty one.
  return send_descriptor(socket_fd, master_fd, "/dev/ptmx", "--console-socket");
}

Status send_pidfd(const std::string& path, int pidfd, PidfdKind kind) {
  TRY_ASSIGN(const UniqueFd socket, connect_unix(path, "--pidfd-socket"));
  return send_descriptor(
      socket.get(), pidfd, kind == PidfdKind::kInit ? "standard" : "setns", "--pidfd-socket");
}

}  // namespace redoubt::launch
