#include "escalate-vm/monitor/system_calls.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>

#include "sandbox/seccomp_eval.h"

namespace redoubt::vm {
namespace {

constexpr uint32_t kRefused = SECCOMP_RET_ERRNO | EPERM;

seccomp_data data_of(long call, uint64_t a, uint64_t b, uint64_t c) {
  seccomp_data data{};
  data.nr = static_cast<int>(call);
  data.arch = AUDIT_ARCH_X86_64;
  data.args[0] = a;
  data.args[1] = b;
  data.args[2] = c;
  return data;
}

std::optional<uint32_t> verdict(long call, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0) {
  return sandbox::evaluate_seccomp(monitor_filter(), data_of(call, a, b, c));
}

std::optional<uint32_t> child_verdict(long call, uint64_t a = 0) {
  return sandbox::evaluate_seccomp(child_filter(), data_of(call, a, 0, 0));
}

TEST(SystemCalls, EachHasAReasonAndIsAllowedInSomeForm) {
  for (const AllowedCall& call : allowed_calls()) {
    EXPECT_FALSE(call.reason.empty()) << call.number;
    const uint64_t value = call.values.empty() ? 0 : call.values.back();
    const auto at = [&](int index) { return call.argument == index ? value : 0; };
    EXPECT_EQ(verdict(call.number, at(0), at(1), at(2)), SECCOMP_RET_ALLOW) << call.reason;
  }
}

TEST(SystemCalls, NothingBecomesCode) {
  EXPECT_EQ(verdict(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE), SECCOMP_RET_ALLOW);
  EXPECT_EQ(verdict(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC), kRefused);
  EXPECT_EQ(verdict(SYS_mprotect, 0, 4096, PROT_EXEC), kRefused);
  EXPECT_EQ(verdict(SYS_execve), kRefused);
  EXPECT_EQ(verdict(SYS_clone), kRefused);
}

TEST(SystemCalls, SocketsAreNetlinkAlone) {
  EXPECT_EQ(verdict(SYS_socket, AF_NETLINK), SECCOMP_RET_ALLOW);
  EXPECT_EQ(verdict(SYS_socket, AF_INET), kRefused);
  EXPECT_EQ(verdict(SYS_socket, AF_UNIX), kRefused);
  EXPECT_EQ(verdict(SYS_connect), kRefused);
}

TEST(SystemCalls, NothingIsTypedIntoATerminal) {
  EXPECT_EQ(verdict(SYS_ioctl, 0, TCGETS), SECCOMP_RET_ALLOW);
  EXPECT_EQ(verdict(SYS_ioctl, 0, TIOCSTI), kRefused);
}

TEST(SystemCalls, OtherNumbersAreRefusedAndOtherArchitecturesKill) {
  EXPECT_EQ(verdict(SYS_ptrace), kRefused);
  EXPECT_EQ(verdict(SYS_mount), kRefused);
  EXPECT_EQ(verdict(SYS_read | 0x40000000), kRefused);  // x32
  seccomp_data data{};
  data.arch = AUDIT_ARCH_I386;
  EXPECT_EQ(sandbox::evaluate_seccomp(monitor_filter(), data), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(sandbox::evaluate_seccomp(child_filter(), data), SECCOMP_RET_KILL_PROCESS);
}

TEST(SystemCallsOfChildren, AreRefusedWithTheirReasons) {
  for (const RefusedCall& call : refused_calls()) {
    EXPECT_FALSE(call.reason.empty()) << call.number;
    const auto error = static_cast<uint32_t>(call.error == 0 ? EPERM : call.error);
    EXPECT_EQ(child_verdict(call.number, call.bits), SECCOMP_RET_ERRNO | error) << call.number;
  }
  EXPECT_EQ(child_verdict(SYS_mount | 0x40000000), kRefused);  // x32
}

TEST(SystemCallsOfChildren, ThreadsAndFilesAreTheirs) {
  EXPECT_EQ(child_verdict(SYS_clone, CLONE_VM | CLONE_THREAD), SECCOMP_RET_ALLOW);
  EXPECT_EQ(child_verdict(SYS_unshare, CLONE_FS), SECCOMP_RET_ALLOW);
  EXPECT_EQ(child_verdict(SYS_clone, CLONE_NEWUSER), kRefused);
  EXPECT_EQ(child_verdict(SYS_openat), SECCOMP_RET_ALLOW);
  EXPECT_EQ(child_verdict(SYS_io_uring_setup), SECCOMP_RET_ERRNO | ENOSYS);
}

}  // namespace
}  // namespace redoubt::vm
