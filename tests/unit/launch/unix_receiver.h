// The peers of the launch sockets in tests: a listening or datagram socket that receives one
// message with descriptors.
#ifndef REDOUBT_TESTS_UNIT_LAUNCH_UNIX_RECEIVER_H_
#define REDOUBT_TESTS_UNIT_LAUNCH_UNIX_RECEIVER_H_

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/str.h"
#include "base/unique_fd.h"

namespace redoubt::launch {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char text[] = "/tmp/redoubt-test-XXXXXX";
    path_ = mkdtemp(text);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Message {
  std::string payload;
  UniqueFd fd;
};

class Receiver {
 public:
  // A path longer than sockaddr_un is bound through its directory.
  Receiver(const std::string& path, int type) : fd_(socket(AF_UNIX, type | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const bool abstract = path.starts_with('@');
    std::string name = path;
    UniqueFd directory;
    if (name.size() >= sizeof address.sun_path) {
      const size_t slash = path.rfind('/');
      directory.reset(open(path.substr(0, slash).c_str(), O_PATH | O_CLOEXEC));
      name = concat("/proc/self/fd/", directory.get(), path.substr(slash));
    }
    memcpy(address.sun_path, name.data(), name.size());
    if (abstract) {
      address.sun_path[0] = '\0';
    }
    const auto length =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (abstract ? 0 : 1));
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), length), 0) << path;
    if (type == SOCK_STREAM) {
      EXPECT_EQ(listen(fd_.get(), 4), 0);
    }
    const timeval patience = {5, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }

  int fd() const { return fd_.get(); }

  Message accept_and_receive() const {
    const UniqueFd connection(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    return receive(connection.get());
  }
  Message receive() const { return receive(fd_.get()); }

 private:
  static Message receive(int fd) {
    Message result;
    char buffer[65536];
    alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))] = {};
    iovec part = {buffer, sizeof buffer};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t length = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    result.payload.assign(buffer, length > 0 ? static_cast<size_t>(length) : 0);
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message);
        header != nullptr && header->cmsg_len == CMSG_LEN(sizeof(int))) {
      int received = -1;
      memcpy(&received, CMSG_DATA(header), sizeof received);
      result.fd.reset(received);
    }
    return result;
  }

  UniqueFd fd_;
};

}  // namespace redoubt::launch

#endif  // REDOUBT_TESTS_UNIT_LAUNCH_UNIX_RECEIVER_H_
