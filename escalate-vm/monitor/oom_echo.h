// OomEcho: a kill for want of memory in the guest, repeated on the host. Engines tell OOMKilled by oom_kill
// in memory.events of the container's cgroup, which only a kill by the host's kernel counts up. When the
// container has ended, that cgroup holds nothing but what belongs to its machine: its limit is lowered
// below what is there, and the kernel kills in it, and in no other cgroup.
//
// The descriptor of the limit is with a child of its own, which knows one value to write: whoever took
// over redoubt-vm by the guest's words could raise the limit with it.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_OOM_ECHO_H_
#define REDOUBT_ESCALATE_VM_MONITOR_OOM_ECHO_H_

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::vm {

class OomEcho {
 public:
  enum class Victim {
    kMachine,  // the VMM, by far the largest
    kSelf,     // beside a proxy there is nothing to kill: the child makes itself larger than that
  };

  OomEcho() = default;
  // limit: memory.max of the cgroup that this process is in; invalid: there is no such controller, and
  // nothing to repeat. Before there are threads, and before restrict_monitor().
  static Result<OomEcho> prepare(UniqueFd limit, Victim victim);

  // Returns when the kernel has done it.
  void repeat();

 private:
  UniqueFd order_, done_;
};

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_OOM_ECHO_H_
