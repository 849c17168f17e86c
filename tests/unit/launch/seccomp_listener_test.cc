#include "runc-compat/launch/seccomp_listener.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/unit/launch/unix_receiver.h"

namespace redoubt::launch {
namespace {

TEST(SeccompListenerPath, IsCheckedBeforeAnythingStarts) {
  const Status unset = check_seccomp_listener_path("");
  ASSERT_FALSE(unset);
  EXPECT_EQ(unset.error().message(), "seccomp listenerPath is not set");
  const Status missing = check_seccomp_listener_path("/nonexistent/agent.sock");
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().message().starts_with(
      "failed to connect with seccomp agent specified in the seccomp profile: "));
  EXPECT_TRUE(check_seccomp_listener_path("/"));
}

TEST(SendSeccompListener, SaysWhatIsMissing) {
  SeccompListener listener;
  EXPECT_EQ(send_seccomp_listener(listener).error().message(), "seccomp listenerPath is not set");
  listener.path = "/nonexistent/agent.sock";
  EXPECT_EQ(send_seccomp_listener(listener).error().message(),
            "failed to connect with seccomp agent specified in the seccomp profile: dial unix "
            "/nonexistent/agent.sock: connect: no such file or directory");
}

// A process whose getppid(2) asks the agent; answers with the listener's number, then with what
// getppid gave.
pid_t start_filtered(int report_fd) {
  const pid_t child = fork();
  if (child != 0) {
    return child;
  }
  sock_filter code[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
                        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_getppid},
                        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
                        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  const sock_fprog program = {4, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  int number = static_cast<int>(
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
  bool sent = write(report_fd, &number, sizeof number) == sizeof number;
  number = static_cast<int>(syscall(SYS_getppid));
  sent = sent && write(report_fd, &number, sizeof number) == sizeof number;
  _exit(sent ? 0 : 1);
}

TEST(SendSeccompListener, AgentGetsAWorkingListenerAndTheState) {
  const TemporaryDirectory directory;
  const Receiver agent(directory.path() + "/agent", SOCK_STREAM);
  int report[2];
  ASSERT_EQ(pipe2(report, O_CLOEXEC), 0);
  const pid_t child = start_filtered(report[1]);
  int number = -1;
  ASSERT_EQ(read(report[0], &number, sizeof number), static_cast<ssize_t>(sizeof number));
  ASSERT_GE(number, 0);

  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, child, 0U)));
  SeccompListener listener;
  listener.pidfd = pidfd.get();
  listener.pid = child;
  listener.remote_fd = number;
  listener.path = directory.path() + "/agent";
  listener.metadata = "foo=bar";
  listener.oci_version = "1.3.0";
  listener.state.set("ociVersion", "1.3.0").set("id", "web");
  const Status sent = send_seccomp_listener(listener);
  ASSERT_TRUE(sent) << sent.error().message();

  const Message message = agent.accept_and_receive();
  EXPECT_EQ(message.payload,
            "{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":" + std::to_string(child) +
                ",\"metadata\":\"foo=bar\",\"state\":{\"ociVersion\":\"1.3.0\",\"id\":\"web\"}}");
  ASSERT_TRUE(message.fd.valid());
  seccomp_notif request{};
  ASSERT_EQ(ioctl(message.fd.get(), SECCOMP_IOCTL_NOTIF_RECV, &request), 0);
  EXPECT_EQ(request.data.nr, SYS_getppid);
  seccomp_notif_resp answer{};
  answer.id = request.id;
  answer.val = 4711;
  ASSERT_EQ(ioctl(message.fd.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer), 0);
  ASSERT_EQ(read(report[0], &number, sizeof number), static_cast<ssize_t>(sizeof number));
  EXPECT_EQ(number, 4711);
  waitpid(child, nullptr, 0);
  close(report[0]);
  close(report[1]);
}

}  // namespace
}  // namespace redoubt::launch
