// CgroupScope: the cgroup of one container, from its making until it is committed.
//
// With the filesystem driver create() does everything: directory, controllers down the path,
// limits, device and network filter, ownership; the process is then born inside (CLONE_INTO_CGROUP with
// clone_fd()), so there is no instant without limits. With the systemd driver create() only fixes
// the names; attach() starts the unit with the process in it and applies the rest, while the
// process still waits for its parent. A scope that is dropped without commit() takes away what it
// made. Called by the launcher.
#ifndef REDOUBT_SANDBOX_CGROUP_H_
#define REDOUBT_SANDBOX_CGROUP_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "plan/plan.h"
#include "sandbox/cgroup_control.h"
#include "sandbox/cgroup_hierarchy.h"
#include "sandbox/cgroup_writes.h"

namespace redoubt::sandbox {

struct CgroupRequest {
  const plan::Cgroup& plan;
  std::string id;
  bool rootless = false;
  bool fresh = true;  // a new container: its cgroup must be empty and not frozen
  // Host uid that gets the cgroup when plan.delegate (the container's root, mapped). As in runc the
  // group stays.
  std::optional<uid_t> delegate_uid;
};

class CgroupScope {
 public:
  static Result<CgroupScope> create(const CgroupRequest& request);

  CgroupScope(CgroupScope&&) noexcept;
  CgroupScope& operator=(CgroupScope&&) noexcept;
  CgroupScope(const CgroupScope&) = delete;
  CgroupScope& operator=(const CgroupScope&) = delete;
  ~CgroupScope();

  // Directory for CLONE_INTO_CGROUP; -1 when the process must be placed by attach().
  int clone_fd() const { return fd_.get(); }

  // Puts the process into the cgroup: needed when clone_fd() is -1 or the kernel refused it. No
  // cgroup at all: does nothing.
  Status attach(pid_t pid);

  // Absolute path of the container's cgroup; "" when there is none (rootless without permission and
  // nothing asked for).
  const std::string& directory() const { return directory_; }
  // systemd unit, or "".
  const std::string& unit() const { return unit_; }

  // Keeps the cgroup.
  void commit() { armed_ = false; }

 private:
  struct SystemdPart;

  CgroupScope();
  static Result<CgroupScope> create_directly(const CgroupRequest& request);
  static Result<CgroupScope> create_for_systemd(const CgroupRequest& request);
  Status attach_by_systemd(pid_t pid);
  void discard();

  UniqueFd fd_;
  std::string directory_, unit_;
  std::vector<std::string> created_;  // directories made by us, outermost first
  std::unique_ptr<SystemdPart> systemd_;
  bool armed_ = false;
};

// `update`: new limits for a living container; through systemd too when it has a unit. Nothing has
// changed when it fails.
struct CgroupUpdate {
  std::string directory;
  std::string unit;
  bool rootless = false;
  bool check_memory = false;  // plan::Cgroup::check_memory_before_update
};

Status update_cgroup(const CgroupUpdate& target, const std::vector<plan::CgroupWrite>& writes);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_CGROUP_H_
