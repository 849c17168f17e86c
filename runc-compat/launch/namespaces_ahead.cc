#include "runc-compat/launch/namespaces_ahead.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/if.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "init/child/sys.h"
#include "plan/namespace_names.h"
#include "runc-compat/launch/shared_task.h"

namespace redoubt::launch {
namespace {

namespace sys = init::sys;

struct Kind {
  plan::NamespaceType type;
  int flag;
  const char* path;
};
constexpr std::array<Kind, 2> kKinds = {{
    {plan::NamespaceType::kNetwork, CLONE_NEWNET, "/proc/thread-self/ns/net"},
    {plan::NamespaceType::kIpc, CLONE_NEWIPC, "/proc/thread-self/ns/ipc"},
}};

constexpr size_t kStackSize = 4096;  // three calls deep, and the kernel has a stack of its own

// What thread and maker share. Static, because a thread that nobody waits for looks at it when its turn comes.
struct Work {
  alignas(16) char stack[kStackSize];
  int flags;
  int descriptors[kKinds.size()];  // -errno: not made
  uint32_t claimed;  // by the thread, which then works, or by take(), which then does not wait
  uint32_t runs;     // the kernel writes 0 and wakes us when the thread has left our memory
};
Work work;

bool claim() { return __atomic_exchange_n(&work.claimed, 1, __ATOMIC_ACQ_REL) == 0; }

long bring_loopback_up() {
  const long fd = sys::call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return fd;
  }
  ifreq loopback{};
  loopback.ifr_name[0] = 'l';
  loopback.ifr_name[1] = 'o';
  loopback.ifr_flags = IFF_UP | IFF_RUNNING;
  const long result = sys::ioctl(static_cast<int>(fd), SIOCSIFFLAGS, &loopback);
  sys::close(static_cast<int>(fd));
  return result;
}

// The thread: no errno, which is its maker's, and no destructors.
void run(void* unused) {
  (void)unused;
  if (claim() && sys::call(SYS_unshare, work.flags) == 0 && bring_loopback_up() == 0) {
    for (size_t i = 0; i < kKinds.size(); ++i) {
      if ((work.flags & kKinds[i].flag) != 0) {
        work.descriptors[i] =
            static_cast<int>(sys::openat(AT_FDCWD, kKinds[i].path, O_RDONLY | O_CLOEXEC));
      }
    }
  }
  for (;;) {
    sys::call(SYS_exit, 0);
  }
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

}  // namespace

int namespaces_worth_making(const oci::Spec& spec) {
  if (!kCanShareMemory || !spec.linux_) {
    return 0;
  }
  int flags = 0;
  for (const oci::Namespace& ns : spec.linux_->namespaces) {
    if (ns.type == "user") {
      return 0;
    }
    for (const Kind& kind : kKinds) {
      flags |= ns.path.empty() && ns.type == plan::describe(kind.type).name ? kind.flag : 0;
    }
  }
  return (flags & CLONE_NEWNET) != 0 ? flags : 0;
}

NamespacesAhead::~NamespacesAhead() { take({}); }

void NamespacesAhead::start(int flags) {
  cpu_set_t others;
  if (!other_processors(&others)) {
    return;
  }
  work.flags = flags;
  for (int& descriptor : work.descriptors) {
    descriptor = -1;
  }
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

std::vector<init::OpenNamespace> NamespacesAhead::take(const plan::Plan& plan) {
  std::vector<init::OpenNamespace> made;
  // Who comes first has the work: when the thread's turn has not come yet, to clone is quicker than to wait.
  if (!std::exchange(started_, false) || claim()) {
    return made;
  }
  while (__atomic_load_n(&work.runs, __ATOMIC_ACQUIRE) != 0) {
    ::syscall(SYS_futex, &work.runs, FUTEX_WAIT, 1, nullptr, nullptr, 0);
  }
  const bool usable = plan.find_namespace(plan::NamespaceType::kUser) == nullptr && plan.net_devices.empty();
  for (size_t i = 0; i < kKinds.size(); ++i) {
    UniqueFd fd(work.descriptors[i] < 0 ? -1 : work.descriptors[i]);
    if (fd.valid() && usable && plan.creates(kKinds[i].type)) {
      made.push_back({std::move(fd), kKinds[i].flag, std::string(plan::describe(kKinds[i].type).name)});
    }
  }
  return made;
}

}  // namespace redoubt::launch
