// The network namespace of a container, made while the parent still plans.
//
// clone3(2) spends two thirds of its time on CLONE_NEWNET, and whoever calls it waits. So a thread makes
// the namespace on another processor, brings its loopback interface up, leaves a descriptor and ends;
// init joins it (InitProgram::network_fd). It belongs to the user namespace of the caller, as one made by
// clone3 without CLONE_NEWUSER does. Nothing refers to it but the descriptor: given up, it is gone.
#ifndef REDOUBT_LAUNCH_NETWORK_AHEAD_H_
#define REDOUBT_LAUNCH_NETWORK_AHEAD_H_

#include <utility>

#include "base/unique_fd.h"
#include "oci/spec.h"
#include "plan/plan.h"

namespace redoubt::launch {

// Whether it is worth a start, as far as config.json says: the Plan decides.
bool may_want_network_ahead(const oci::Spec& spec);

// Whether this container's network namespace may exist before its process: not where another user
// namespace owns it, and not where it is looked up through the process before that has joined it
// (network devices are moved by pid).
bool can_use_network_ahead(const plan::Plan& plan);

// One a process.
class NetworkAhead {
 public:
  NetworkAhead() = default;
  ~NetworkAhead();
  NetworkAhead(NetworkAhead&& other) noexcept : started_(std::exchange(other.started_, false)) {}
  NetworkAhead& operator=(NetworkAhead&&) = delete;

  // Starts the thread, on another processor than this; without one there is nothing to gain, and nothing
  // is started.
  void start();
  // Waits for the thread if it has begun. Invalid when nothing was started or it was refused, for whatever
  // reason: the clone of init then makes the namespace, and says what is wrong.
  UniqueFd take();

 private:
  bool started_ = false;
};

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_NETWORK_AHEAD_H_
