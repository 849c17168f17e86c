#include "runc-compat/launch/network_ahead.h"

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

TEST(NetworkAhead, MakesANamespaceWhoseLoopbackIsUp) {
  if (!can_create_namespaces()) {
    GTEST_SKIP() << "needs root and a second processor";
  }
  NetworkAhead ahead;
  ahead.start();
  ::usleep(100'000);  // for its turn to come: nobody waits for a thread that has not begun
  const UniqueFd network = ahead.take();
  ASSERT_TRUE(network.valid());
  EXPECT_EQ(::ioctl(network.get(), NS_GET_NSTYPE), CLONE_NEWNET);
  EXPECT_NE(inode_of(network.get()), own_network());
  EXPECT_EQ(loopback_state(network.get()), "up");
  EXPECT_EQ(::fcntl(network.get(), F_GETFD), FD_CLOEXEC);
}

TEST(NetworkAhead, StaysInItsOwnNamespaceItself) {
  const ino_t before = own_network();
  NetworkAhead ahead;
  ahead.start();
  ::usleep(50'000);
  const UniqueFd network = ahead.take();
  EXPECT_EQ(own_network(), before);
}

TEST(NetworkAhead, LeavesNothingWhenItIsNotTaken) {
  const ptrdiff_t before = open_descriptors();
  {
    NetworkAhead ahead;
    ahead.start();
    ::usleep(50'000);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(NetworkAhead, MovesOn) {
  NetworkAhead first;
  first.start();
  ::usleep(50'000);
  NetworkAhead second = std::move(first);
  EXPECT_FALSE(first.take().valid());
  EXPECT_EQ(second.take().valid(), can_create_namespaces());
}

TEST(NetworkAhead, AnswersNothingThatWasNotStarted) { EXPECT_FALSE(NetworkAhead().take().valid()); }

TEST(NetworkAhead, NeedsASecondProcessor) {
  std::thread on_one([] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<unsigned>(::sched_getcpu()), &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    NetworkAhead ahead;
    ahead.start();
    EXPECT_FALSE(ahead.take().valid());
  });
  on_one.join();
}

TEST(NetworkAhead, IsWantedForANewNetworkOfTheCallersUserNamespace) {
  EXPECT_TRUE(may_want_network_ahead(with_namespaces({{"pid", ""}, {"network", ""}})));
  EXPECT_FALSE(may_want_network_ahead(with_namespaces({{"pid", ""}})));
  EXPECT_FALSE(may_want_network_ahead(with_namespaces({{"network", "/run/netns/x"}})));
  EXPECT_FALSE(may_want_network_ahead(with_namespaces({{"network", ""}, {"user", ""}})));
  EXPECT_FALSE(may_want_network_ahead(with_namespaces({{"network", ""}, {"user", "/proc/1/ns/user"}})));
  EXPECT_FALSE(may_want_network_ahead(oci::Spec()));
}

TEST(NetworkAhead, IsUsedWhereThePlanStillWantsIt) {
  using enum plan::NamespaceType;
  EXPECT_TRUE(can_use_network_ahead(planned({{kNetwork, ""}})));
  EXPECT_FALSE(can_use_network_ahead(planned({{kPid, ""}})));
  EXPECT_FALSE(can_use_network_ahead(planned({{kNetwork, "/run/netns/x"}})));
  EXPECT_FALSE(can_use_network_ahead(planned({{kNetwork, ""}, {kUser, ""}})));
  plan::Plan with_device = planned({{kNetwork, ""}});
  with_device.net_devices.emplace_back("eth7", "eth0");
  EXPECT_FALSE(can_use_network_ahead(with_device));
}

}  // namespace
}  // namespace redoubt::launch
