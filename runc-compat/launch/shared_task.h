// A task that runs in our memory on a stack of its own: it costs no copy of the page tables.
#ifndef REDOUBT_LAUNCH_SHARED_TASK_H_
#define REDOUBT_LAUNCH_SHARED_TASK_H_

#include <linux/sched.h>
#include <signal.h>

namespace redoubt::launch {

#if defined(__x86_64__)
inline constexpr bool kCanShareMemory = true;
#else
inline constexpr bool kCanShareMemory = false;  // no assembly stub for this architecture yet
#endif

// clone3(2): `function` runs in the new task and must not return; with CLONE_VM among the flags on the
// stack that `arguments` names, and then it may use nothing but direct system calls. Returns the pid or
// -errno.
long clone_task(clone_args* arguments, void (*function)(void*), void* argument);

// All signals wait while a task shares our memory: a handler must not run in it.
class BlockSignals {
 public:
  BlockSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &former_);
  }
  ~BlockSignals() { ::sigprocmask(SIG_SETMASK, &former_, nullptr); }
  BlockSignals(const BlockSignals&) = delete;
  BlockSignals& operator=(const BlockSignals&) = delete;

 private:
  sigset_t former_{};
};

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_SHARED_TASK_H_
