#include "escalate-vm/guest/agent/container.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

#include "base/descriptors.h"
#include "base/io.h"
#include "base/str.h"

namespace redoubt::agent {

Result<UniqueFd> listen_for_terminal(const std::string& path) {
  UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.valid()) {
    return Error::system(errno, "socket");
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error::internal("console socket: the path is too long");
  }
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ::unlink(path.c_str());
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), 1) != 0) {
    return Error::system(errno, "console socket");
  }
  return listener;
}

Result<UniqueFd> receive_terminal(const UniqueFd& listener) {
  const UniqueFd connection(
      ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!connection.valid()) {
    return Error::system(errno, "accept the console");
  }
  char bytes[256];
  MessageWithDescriptors received = receive_with_descriptors(connection.get(), bytes, sizeof bytes);
  if (received.size < 0) {
    return Error::system(errno, "receive the console");
  }
  if (received.fds.size() != 1) {
    return Error::internal("console socket: no descriptor came");
  }
  return std::move(received.fds.front());
}

Result<UniqueFd> open_memory_events(const std::string& container) {
  return open_at(AT_FDCWD, concat("/sys/fs/cgroup/", container, "/memory.events"), O_RDONLY);
}

uint64_t count_oom_kills(std::string_view memory_events) {
  for (const std::string& line : split(memory_events, '\n')) {
    if (line.starts_with("oom_kill ")) {
      return parse_number<uint64_t>(line.substr(sizeof "oom_kill " - 1)).value_or(0);
    }
  }
  return 0;
}

uint64_t read_oom_kills(const UniqueFd& memory_events) {
  char buffer[512];
  const ssize_t length = ::pread(memory_events.get(), buffer, sizeof buffer, 0);
  return length <= 0 ? 0 : count_oom_kills({buffer, static_cast<size_t>(length)});
}

}  // namespace redoubt::agent
