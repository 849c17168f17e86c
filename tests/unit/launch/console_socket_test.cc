#include "runc-compat/launch/console_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include <gtest/gtest.h>

#include "base/str.h"
#include "tests/unit/launch/unix_receiver.h"

namespace redoubt::launch {
namespace {

namespace fs = std::filesystem;

TEST(ConnectUnix, ReachesOrdinaryLongAndAbstractNames) {
  const TemporaryDirectory directory;
  const std::string deep =
      directory.path() + "/" + std::string(90, 'a') + "/" + std::string(90, 'b');
  fs::create_directories(deep);
  const std::string abstract = concat("@redoubt-test-", getpid());
  for (const std::string& path : {directory.path() + "/s", deep + "/console.sock", abstract}) {
    const Receiver receiver(path, SOCK_STREAM);
    const Result<UniqueFd> connected = connect_unix(path, "--console-socket");
    ASSERT_TRUE(connected) << connected.error().message();
    EXPECT_NE(fcntl(connected->get(), F_GETFD) & FD_CLOEXEC, 0);
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    ASSERT_TRUE(send_console(connected->get(), ends[1]));
    const Message message = receiver.accept_and_receive();
    EXPECT_EQ(message.payload, "/dev/ptmx");
    struct stat sent {
    }, received{};
    ASSERT_TRUE(message.fd.valid());
    fstat(ends[1], &sent);
    fstat(message.fd.get(), &received);
    EXPECT_EQ(sent.st_ino, received.st_ino);
    close(ends[0]);
    close(ends[1]);
  }
}

TEST(ConnectUnix, ErrorsNameTheOptionAndThePath) {
  const TemporaryDirectory directory;
  const std::string missing = directory.path() + "/missing";
  EXPECT_EQ(connect_unix(missing, "--console-socket").error().message(),
            "--console-socket: dial unix " + missing + ": connect: no such file or directory");
  const std::string file = directory.path() + "/file";
  close(open(file.c_str(), O_CREAT | O_CLOEXEC, 0600));
  EXPECT_EQ(connect_unix(file, "--console-socket").error().err(), ECONNREFUSED);
  const std::string far = directory.path() + "/" + std::string(200, 'x');
  EXPECT_EQ(connect_unix(far, "--pidfd-socket").error().message(),
            "--pidfd-socket: dial unix " + far + ": connect: no such file or directory");
  EXPECT_FALSE(connect_unix("", "--console-socket"));
}

TEST(SendPidfd, SaysWhichKindItIs) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/s";
  const struct {
    PidfdKind kind;
    const char* payload;
  } cases[] = {{PidfdKind::kInit, "standard"}, {PidfdKind::kExec, "setns"}};
  for (const auto& c : cases) {
    const Receiver receiver(path, SOCK_STREAM);
    ASSERT_TRUE(send_pidfd(path, 0, c.kind));
    const Message message = receiver.accept_and_receive();
    EXPECT_EQ(message.payload, c.payload);
    EXPECT_TRUE(message.fd.valid());
    fs::remove(path);
  }
}

TEST(SendDescriptor, PeerThatHasGoneIsAnErrorNotASignal) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  close(ends[1]);
  const Status sent = send_descriptor(ends[0], 0, "x", "--console-socket");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().message(), "--console-socket: sendmsg: broken pipe");
  close(ends[0]);
}

}  // namespace
}  // namespace redoubt::launch
