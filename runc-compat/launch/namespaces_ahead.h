// Namespaces of a container, made while the parent still plans.
//
// clone3(2) spends most of its time on CLONE_NEWNET and CLONE_NEWIPC, and whoever calls it waits. So a thread
// makes these on another processor, brings the loopback interface up, leaves descriptors and ends; init
// enters them (InitProgram::made_namespaces). They belong to the user namespace of the caller, as those of a
// clone3 without CLONE_NEWUSER do. Nothing refers to them but the descriptors: given up, they are gone. Not
// the mount namespace: who enters one is at its root, wherever the runtime's own was (chroot(2)).
#ifndef REDOUBT_LAUNCH_NAMESPACES_AHEAD_H_
#define REDOUBT_LAUNCH_NAMESPACES_AHEAD_H_

#include <utility>
#include <vector>

#include "init/prepare.h"
#include "oci/spec.h"
#include "plan/plan.h"

namespace redoubt::launch {

// CLONE_NEW* of what may be made ahead, as far as config.json says. 0: not worth a start, because no network
// is among them or another user namespace owns them. The Plan decides what is used.
int namespaces_worth_making(const oci::Spec& spec);

// One a process.
class NamespacesAhead {
 public:
  NamespacesAhead() = default;
  ~NamespacesAhead();
  NamespacesAhead(NamespacesAhead&& other) noexcept
      : started_(std::exchange(other.started_, false)) {}
  NamespacesAhead& operator=(NamespacesAhead&&) = delete;

  // Starts the thread, on another processor than this; without one there is nothing to gain, and nothing
  // is started. `flags`: CLONE_NEW*, the network's among them.
  void start(int flags);
  // Waits for the thread if it has begun, and hands over what the plan creates. Empty when nothing was started
  // or it was refused, for whatever reason: the clone of init then makes them, and says what is wrong. Empty,
  // too, where a namespace is looked up through the process before that has entered it (network devices are
  // moved by pid).
  std::vector<init::OpenNamespace> take(const plan::Plan& plan);

 private:
  bool started_ = false;
};

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_NAMESPACES_AHEAD_H_
