#include "runc-compat/launch/notify_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>

#include "base/io.h"
#include "base/str.h"
#include "runc-compat/launch/console_socket.h"

namespace redoubt::launch {
namespace {

constexpr const char* kSocketName = "notify.sock";
constexpr size_t kMaxDatagram = 4096;
constexpr size_t kMaxReadyLine = 256;
constexpr int kMaxBurst = 64;  // a container that floods the socket must not keep us in forward()
constexpr int kBarrierTimeoutMs = 30000;

Result<UniqueFd> datagram_socket() {
  UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) {
    return Error::system(errno, "NOTIFY_SOCKET: socket");
  }
  return fd;
}

// A connected socket to the service manager.
Result<UniqueFd> connect_manager(const std::string& host_address) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const bool abstract = host_address.starts_with('@');
  if (host_address.size() >= sizeof to.sun_path) {
    return Error::invalid("NOTIFY_SOCKET: longer than 107 bytes");
  }
  memcpy(to.sun_path, host_address.data(), host_address.size());
  if (abstract) {
    to.sun_path[0] = '\0';
  }
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + host_address.size() +
                                             (abstract ? 0 : 1));
  TRY_ASSIGN(UniqueFd fd, datagram_socket());
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), length) != 0) {
    return Error::system(errno, concat("NOTIFY_SOCKET: connect ", quote(host_address)));
  }
  return fd;
}

Status send_line(int fd, const std::string& line) {
  pollfd room = {fd, POLLOUT, 0};
  poll(&room, 1, kBarrierTimeoutMs);
  if (send(fd, line.data(), line.size(), MSG_NOSIGNAL) < 0) {
    return Error::system(errno, "NOTIFY_SOCKET: send");
  }
  return {};
}

// The first READY= line of a datagram, or nothing.
std::string ready_line(std::string_view datagram) {
  for (const std::string& line : split(datagram.substr(0, datagram.find('\0')), '\n')) {
    if (line.starts_with("READY=") && line.size() <= kMaxReadyLine) {
      return line;
    }
  }
  return "";
}

// sd_notify_barrier(3): the manager closes the descriptor when everything before it has been read.
Status barrier(const std::string& host_address) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return Error::system(errno, "NOTIFY_SOCKET: pipe2");
  }
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  TRY_ASSIGN(const UniqueFd manager, connect_manager(host_address));
  TRY(send_descriptor(manager.get(), writer.get(), "BARRIER=1", "NOTIFY_SOCKET"));
  writer.reset();
  pollfd closed = {reader.get(), 0, 0};
  while (poll(&closed, 1, kBarrierTimeoutMs) < 0 && errno == EINTR) {
  }
  if ((closed.revents & POLLHUP) == 0) {
    return Error(
        ErrorKind::kSystem, "NOTIFY_SOCKET: no answer to BARRIER=1 within 30 s", ETIMEDOUT);
  }
  return {};
}

bool exited(int pidfd) {
  pollfd child = {pidfd, POLLIN, 0};
  return poll(&child, 1, 0) > 0;
}

}  // namespace

Status make_notify_directory(int container_dir_fd) {
  if (mkdirat(container_dir_fd, kNotifyDirectory, 0755) != 0 && errno != EEXIST) {
    return Error::system(errno, "mkdir notify");
  }
  // Whatever the umask: the container's users must get to the socket.
  TRY_ASSIGN(const UniqueFd directory,
             open_at(container_dir_fd, kNotifyDirectory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  if (fchmod(directory.get(), 0755) != 0) {
    return Error::system(errno, "chmod notify");
  }
  return {};
}

Result<NotifySocket> NotifySocket::bind(int container_dir_fd, std::string host_address) {
  TRY_ASSIGN(const UniqueFd directory,
             open_at(container_dir_fd, kNotifyDirectory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  TRY_ASSIGN(UniqueFd fd, datagram_socket());
  // Through the descriptor: the state directory's path may be longer than sockaddr_un.
  const std::string path = concat("/proc/self/fd/", directory.get(), "/", kSocketName);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path.data(), path.size());
  if (unlinkat(directory.get(), kSocketName, 0) != 0 && errno != ENOENT) {
    return Error::system(errno, "notify.sock: unlink");
  }
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error::system(errno, "notify.sock: bind");
  }
  if (fchmodat(directory.get(), kSocketName, 0777, 0) != 0) {
    return Error::system(errno, "notify.sock: chmod");
  }
  return NotifySocket(std::move(fd), std::move(host_address));
}

Result<bool> NotifySocket::forward(pid_t main_pid) const {
  std::array<char, kMaxDatagram> buffer{};
  for (int datagrams = 0; datagrams < kMaxBurst; ++datagrams) {
    // Descriptors sent along (FDSTORE=) are not received: there is no room for control data.
    const ssize_t length = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (length < 0 && errno == EINTR) {
      continue;
    }
    if (length < 0) {
      return errno == EAGAIN ? Result<bool>(false) : Error::system(errno, "notify.sock: recv");
    }
    const std::string ready = ready_line({buffer.data(), static_cast<size_t>(length)});
    if (ready.empty()) {
      continue;
    }
    TRY_ASSIGN(const UniqueFd manager, connect_manager(host_address_));
    TRY(send_line(manager.get(), ready + "\n"));
    if (main_pid > 0) {
      TRY(send_line(manager.get(), concat("MAINPID=", main_pid, "\n")));
    }
    return true;
  }
  return false;
}

Status NotifySocket::wait_ready(int pidfd, pid_t main_pid) const {
  for (;;) {
    std::array<pollfd, 2> waits = {pollfd{socket_.get(), POLLIN, 0}, pollfd{pidfd, POLLIN, 0}};
    if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) {
      return Error::system(errno, "notify.sock: poll");
    }
    const bool gone = exited(pidfd);  // before the last look at the socket
    TRY_ASSIGN(const bool ready, forward(main_pid));
    if (ready) {
      return barrier(host_address_);
    }
    if (gone) {
      return {};
    }
  }
}

}  // namespace redoubt::launch
