#include "runc-compat/launch/network_ahead.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/if.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/child/sys.h"
#include "runc-compat/launch/shared_task.h"

namespace redoubt::launch {
namespace {

constexpr size_t kStackSize = 4096;  // three calls deep, and the kernel has a stack of its own

// SIOCGSKNS (<linux/sockios.h>, 4.10): the network namespace of a socket, close-on-exec; no procfs needed.
int make_network() {
  namespace sys = init::sys;
  if (sys::call(SYS_unshare, CLONE_NEWNET) < 0) {
    return -1;
  }
  const long socket = sys::call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) {
    return -1;
  }
  const int fd = static_cast<int>(socket);
  ifreq loopback{};
  loopback.ifr_name[0] = 'l';
  loopback.ifr_name[1] = 'o';
  loopback.ifr_flags = IFF_UP | IFF_RUNNING;
  const long up = sys::ioctl(fd, SIOCSIFFLAGS, &loopback);
  const long network = up < 0 ? up : sys::ioctl(fd, SIOCGSKNS, nullptr);
  sys::close(fd);
  return network < 0 ? -1 : static_cast<int>(network);
}

// The processors that we may use but for this one. False: there is no other.
bool other_processors(cpu_set_t* others) {
  CPU_ZERO(others);
  if (::sched_getaffinity(0, sizeof *others, others) != 0) {
    return false;
  }
  const int here = ::sched_getcpu();
  if (here >= 0) {
    CPU_CLR(static_cast<unsigned>(here), others);
  }
  return CPU_COUNT(others) != 0;
}

// What thread and maker share. Static, because a thread that nobody waits for looks at it when its turn comes.
struct Work {
  alignas(16) char stack[kStackSize];
  int network;
  uint32_t claimed;  // by the thread, which then works, or by take(), which then does not wait
  uint32_t runs;     // the kernel writes 0 and wakes us when the thread has left our memory
};
Work work;

bool claim() { return __atomic_exchange_n(&work.claimed, 1, __ATOMIC_ACQ_REL) == 0; }

// The thread: no errno, which is its maker's, and no destructors.
void run(void* unused) {
  (void)unused;
  if (claim()) {
    work.network = make_network();
  }
  for (;;) {
    init::sys::call(SYS_exit, 0);
  }
}

}  // namespace

bool may_want_network_ahead(const oci::Spec& spec) {
  if (!kCanShareMemory || !spec.linux_) {
    return false;
  }
  bool creates = false;
  for (const oci::Namespace& ns : spec.linux_->namespaces) {
    if (ns.type == "user") {
      return false;
    }
    creates = creates || (ns.type == "network" && ns.path.empty());
  }
  return creates;
}

bool can_use_network_ahead(const plan::Plan& plan) {
  return plan.creates(plan::NamespaceType::kNetwork) &&
         plan.find_namespace(plan::NamespaceType::kUser) == nullptr && plan.net_devices.empty();
}

NetworkAhead::~NetworkAhead() { take(); }

void NetworkAhead::start() {
  cpu_set_t others;
  if (!other_processors(&others)) {
    return;
  }
  work.network = -1;
  work.claimed = 0;
  work.runs = 1;
  clone_args arguments{};
  arguments.flags = CLONE_VM | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID;
  arguments.child_tid = reinterpret_cast<uint64_t>(&work.runs);
  arguments.stack = reinterpret_cast<uint64_t>(work.stack);
  arguments.stack_size = sizeof work.stack;
  const BlockSignals blocked;
  const long thread = clone_task(&arguments, &run, nullptr);
  if (thread < 0) {
    return;
  }
  started_ = true;
  // Left alone, a new thread often gets in line behind its maker.
  ::sched_setaffinity(static_cast<pid_t>(thread), sizeof others, &others);
}

UniqueFd NetworkAhead::take() {
  if (!started_) {
    return {};
  }
  started_ = false;
  if (claim()) {
    return {};  // its turn has not come: to make the namespace is quicker than to wait
  }
  while (__atomic_load_n(&work.runs, __ATOMIC_ACQUIRE) != 0) {
    ::syscall(SYS_futex, &work.runs, FUTEX_WAIT, 1, nullptr, nullptr, 0);
  }
  return UniqueFd(work.network);
}

}  // namespace redoubt::launch
