#include "runc-compat/launch/notify_socket.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

#include "tests/unit/launch/unix_receiver.h"

namespace redoubt::launch {
namespace {

class Notify : public testing::Test {
 protected:
  void SetUp() override {
    container_dir_.reset(open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(make_notify_directory(container_dir_.get()));
    host_ = directory_.path() + "/host";
  }
  std::string container_socket() const { return directory_.path() + "/notify/notify.sock"; }
  void send_from_container(const std::string& text) const {
    const UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    memcpy(to.sun_path, container_socket().data(), container_socket().size());
    ASSERT_EQ(sendto(fd.get(),
                     text.data(),
                     text.size(),
                     0,
                     reinterpret_cast<const sockaddr*>(&to),
                     sizeof to),
              static_cast<ssize_t>(text.size()));
  }

  TemporaryDirectory directory_;
  UniqueFd container_dir_;
  std::string host_;
};

TEST_F(Notify, DirectoryAndSocketAreOpenToTheContainerOnly) {
  const mode_t former = umask(077);
  const UniqueFd other(open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_TRUE(make_notify_directory(other.get())) << "again";
  const Result<NotifySocket> socket = NotifySocket::bind(container_dir_.get(), host_);
  ASSERT_TRUE(socket) << socket.error().message();
  umask(former);
  struct stat st {};
  ASSERT_EQ(stat((directory_.path() + "/notify").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0755U);
  ASSERT_EQ(stat(container_socket().c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0777U);
  EXPECT_TRUE(NotifySocket::bind(container_dir_.get(), host_)) << "a stale socket is no obstacle";
}

TEST_F(Notify, OnlyTheReadyLineIsBelieved) {
  const Receiver manager(host_, SOCK_DGRAM);
  const Result<NotifySocket> socket = NotifySocket::bind(container_dir_.get(), host_);
  ASSERT_TRUE(socket);
  EXPECT_FALSE(socket->forward(1234).value());
  send_from_container("STATUS=warming up");
  send_from_container("MAINPID=1\nFDSTORE=1");
  send_from_container("NOTREADY=1\nXREADY=1");
  send_from_container("READY=" + std::string(4000, 'x'));
  EXPECT_FALSE(socket->forward(1234).value());
  send_from_container("STATUS=up\nMAINPID=1\nREADY=1\nERRNO=2");
  EXPECT_TRUE(socket->forward(1234).value());
  EXPECT_EQ(manager.receive().payload, "READY=1\n");
  EXPECT_EQ(manager.receive().payload, "MAINPID=1234\n");
  send_from_container("READY=1");
  EXPECT_TRUE(socket->forward(0).value());
  EXPECT_EQ(manager.receive().payload, "READY=1\n");
  EXPECT_EQ(recv(manager.fd(), nullptr, 0, MSG_DONTWAIT), -1) << "no MAINPID= in the foreground";
}

TEST_F(Notify, AFloodDoesNotKeepForwardBusy) {
  const Result<NotifySocket> socket = NotifySocket::bind(container_dir_.get(), host_);
  ASSERT_TRUE(socket);
  const pid_t flood = fork();
  if (flood == 0) {
    for (;;) {
      send_from_container("STATUS=x");
    }
  }
  for (int i = 0; i < 50; ++i) {
    EXPECT_FALSE(socket->forward(1).value());
  }
  kill(flood, SIGKILL);
  waitpid(flood, nullptr, 0);
}

TEST_F(Notify, WaitsForReadyAndForTheManager) {
  const Receiver manager(host_, SOCK_DGRAM);
  const Result<NotifySocket> socket = NotifySocket::bind(container_dir_.get(), host_);
  ASSERT_TRUE(socket);
  const UniqueFd self(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0U)));
  bool barrier_seen = false;
  std::thread service([&] {
    usleep(50000);
    send_from_container("READY=1");
    EXPECT_EQ(manager.receive().payload, "READY=1\n");
    EXPECT_EQ(manager.receive().payload, "MAINPID=77\n");
    const Message barrier = manager.receive();
    EXPECT_EQ(barrier.payload, "BARRIER=1");
    EXPECT_TRUE(barrier.fd.valid());
    usleep(100000);
    barrier_seen = true;  // the descriptor closes with the message
  });
  const Status waited = socket->wait_ready(self.get(), 77);
  EXPECT_TRUE(barrier_seen) << "returned before the manager had read everything";
  service.join();
  EXPECT_TRUE(waited) << waited.error().message();
}

TEST_F(Notify, GivesUpWhenTheContainerHasGone) {
  const Result<NotifySocket> socket = NotifySocket::bind(container_dir_.get(), host_);
  ASSERT_TRUE(socket);
  const pid_t child = fork();
  if (child == 0) {
    usleep(50000);
    _exit(0);
  }
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, child, 0U)));
  EXPECT_TRUE(socket->wait_ready(pidfd.get(), child));
  waitpid(child, nullptr, 0);
}

TEST_F(Notify, ReadyJustBeforeTheEndCounts) {
  const Receiver manager(host_, SOCK_DGRAM);
  const Result<NotifySocket> socket = NotifySocket::bind(container_dir_.get(), host_);
  ASSERT_TRUE(socket);
  send_from_container("READY=1");
  const pid_t child = fork();
  if (child == 0) {
    _exit(0);
  }
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, child, 0U)));
  waitpid(child, nullptr, 0);
  std::thread service([&] {
    manager.receive();
    manager.receive();
    manager.receive();
  });
  EXPECT_TRUE(socket->wait_ready(pidfd.get(), child));
  service.join();
}

}  // namespace
}  // namespace redoubt::launch
