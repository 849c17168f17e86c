#include "runc-compat/launch/namespaces_ahead.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

namespace redoubt::launch {
namespace {

using enum plan::NamespaceType;

oci::Spec with_namespaces(std::vector<oci::Namespace> namespaces) {
  oci::Spec spec;
  spec.linux_.emplace();
  spec.linux_->namespaces = std::move(namespaces);
  return spec;
}

plan::Plan planned(std::vector<plan::Namespace> namespaces) {
  plan::Plan plan;
  plan.namespaces = std::move(namespaces);
  return plan;
}

ino_t inode_of(int fd) {
  struct stat st {};
  return ::fstat(fd, &st) == 0 ? st.st_ino : 0;
}

ino_t own_network() {
  struct stat st {};
  return ::stat("/proc/thread-self/ns/net", &st) == 0 ? st.st_ino : 0;
}

ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

// "up" or "down": lo in the namespace behind the descriptor; "": it could not be asked.
std::string loopback_state(int network) {
  std::string state;
  std::thread visitor([&] {
    if (::setns(network, CLONE_NEWNET) != 0) {
      return;
    }
    const int socket_fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    request.ifr_name[0] = 'l';
    request.ifr_name[1] = 'o';
    if (::ioctl(socket_fd, SIOCGIFFLAGS, &request) == 0) {
      state = (request.ifr_flags & IFF_UP) != 0 ? "up" : "down";
    }
    ::close(socket_fd);
  });
  visitor.join();
  return state;
}

bool can_create_namespaces() { return ::geteuid() == 0 && std::thread::hardware_concurrency() > 1; }

plan::Plan network_and_ipc() { return planned({{kNetwork, ""}, {kIpc, ""}, {kPid, ""}}); }

// What is made for a plan when the thread has had its turn.
std::vector<init::OpenNamespace> made_for(const plan::Plan& plan, int flags) {
  NamespacesAhead ahead;
  ahead.start(flags);
  ::usleep(100'000);
  return ahead.take(plan);
}

TEST(NamespacesAhead, MakesANetworkWhoseLoopbackIsUp) {
  if (!can_create_namespaces()) {
    GTEST_SKIP() << "needs root and a second processor";
  }
  const std::vector<init::OpenNamespace> made = made_for(network_and_ipc(), CLONE_NEWNET);
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(made[0].clone_flag, CLONE_NEWNET);
  EXPECT_EQ(::ioctl(made[0].fd.get(), NS_GET_NSTYPE), CLONE_NEWNET);
  EXPECT_NE(inode_of(made[0].fd.get()), own_network());
  EXPECT_EQ(loopback_state(made[0].fd.get()), "up");
  EXPECT_EQ(::fcntl(made[0].fd.get(), F_GETFD), FD_CLOEXEC);
}

TEST(NamespacesAhead, MakesWhatElseIsAskedFor) {
  if (!can_create_namespaces()) {
    GTEST_SKIP() << "needs root and a second processor";
  }
  const std::vector<init::OpenNamespace> made = made_for(network_and_ipc(), CLONE_NEWNET | CLONE_NEWIPC);
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(::ioctl(made[1].fd.get(), NS_GET_NSTYPE), CLONE_NEWIPC);
}

TEST(NamespacesAhead, HandsOverWhatThePlanStillWants) {
  constexpr int kBoth = CLONE_NEWNET | CLONE_NEWIPC;
  EXPECT_TRUE(made_for(planned({{kPid, ""}}), kBoth).empty());
  EXPECT_TRUE(made_for(planned({{kNetwork, "/run/netns/x"}}), kBoth).empty());
  EXPECT_TRUE(made_for(planned({{kNetwork, ""}, {kUser, ""}}), kBoth).empty());
  plan::Plan with_device = network_and_ipc();
  with_device.net_devices.emplace_back("eth7", "eth0");
  EXPECT_TRUE(made_for(with_device, kBoth).empty());
}

TEST(NamespacesAhead, LeavesItsMakerWhereItWas) {
  const ino_t before = own_network();
  const std::vector<init::OpenNamespace> made = made_for(network_and_ipc(), CLONE_NEWNET);
  EXPECT_EQ(own_network(), before);
}

TEST(NamespacesAhead, LeavesNothingWhenItIsNotTaken) {
  const ptrdiff_t before = open_descriptors();
  {
    NamespacesAhead ahead;
    ahead.start(CLONE_NEWNET | CLONE_NEWIPC);
    ::usleep(50'000);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(NamespacesAhead, MovesOn) {
  NamespacesAhead first;
  first.start(CLONE_NEWNET);
  ::usleep(50'000);
  NamespacesAhead second = std::move(first);
  EXPECT_TRUE(first.take(network_and_ipc()).empty());
  EXPECT_EQ(second.take(network_and_ipc()).size(), can_create_namespaces() ? 1U : 0U);
}

TEST(NamespacesAhead, AnswersNothingThatWasNotStarted) {
  EXPECT_TRUE(NamespacesAhead().take(network_and_ipc()).empty());
}

TEST(NamespacesAhead, NeedsASecondProcessor) {
  std::thread on_one([] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<unsigned>(::sched_getcpu()), &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_TRUE(made_for(network_and_ipc(), CLONE_NEWNET).empty());
  });
  on_one.join();
}

TEST(NamespacesAhead, AreWorthMakingForANewNetworkOfTheCallersUserNamespace) {
  EXPECT_EQ(namespaces_worth_making(with_namespaces({{"pid", ""}, {"network", ""}})), CLONE_NEWNET);
  EXPECT_EQ(namespaces_worth_making(with_namespaces({{"ipc", ""}, {"network", ""}})), CLONE_NEWNET | CLONE_NEWIPC);
  EXPECT_EQ(namespaces_worth_making(with_namespaces({{"ipc", "/proc/1/ns/ipc"}, {"network", ""}})), CLONE_NEWNET);
  EXPECT_EQ(namespaces_worth_making(with_namespaces({{"pid", ""}, {"ipc", ""}})), 0);
  EXPECT_EQ(namespaces_worth_making(with_namespaces({{"network", "/run/netns/x"}, {"ipc", ""}})), 0);
  EXPECT_EQ(namespaces_worth_making(with_namespaces({{"network", ""}, {"user", ""}})), 0);
  EXPECT_EQ(namespaces_worth_making(with_namespaces({{"network", ""}, {"user", "/proc/1/ns/user"}})), 0);
  EXPECT_EQ(namespaces_worth_making(oci::Spec()), 0);
}

}  // namespace
}  // namespace redoubt::launch
