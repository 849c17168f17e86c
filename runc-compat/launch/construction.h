// Construction: a container on its way from bundle to process. Dropped before keep(), it undoes
// everything: process, cgroup, state directory. Used by create and run.
#ifndef REDOUBT_LAUNCH_CONSTRUCTION_H_
#define REDOUBT_LAUNCH_CONSTRUCTION_H_

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runc-compat/launch/container.h"
#include "runc-compat/launch/launch.h"
#include "runc-compat/launch/namespaces_ahead.h"
#include "runc-compat/launch/notify_socket.h"
#include "runc-compat/launch/session.h"
#include "runc-compat/state/container_dir.h"
#include "runc-compat/state/record.h"
#include "sandbox/cgroup.h"

namespace redoubt::launch {

class Construction {
 public:
  Construction(const Construction&) = delete;
  Construction& operator=(const Construction&) = delete;
  ~Construction() { discard(); }

  // Reads the bundle, claims the id and writes the intent.
  static Result<std::unique_ptr<Construction>> begin(const CreateOptions& options);
  // Cgroup, clone, set-up: returns when only exec.fifo (kCreate) or execve (kRun) is left.
  Status launch(const CreateOptions& options, init::SessionKind kind);

  const plan::Plan& plan() const { return container_.plan; }
  state::ContainerDir& dir() { return *dir_; }
  const state::Record& record() const { return record_; }
  Session& session() { return *session_; }
  NotifySocket* notify() { return notify_ ? &*notify_ : nullptr; }
  // Done: nothing is undone any more, the lock is released.
  void keep();
  // As keep(), and hands the directory over.
  state::ContainerDir release();

 private:
  Construction(Container container,
               state::ContainerDir dir,
               PassedDescriptors passed,
               NamespacesAhead ahead)
      : container_(std::move(container)),
        dir_(std::move(dir)),
        passed_(std::move(passed)),
        ahead_(std::move(ahead)) {}

  // What runs on the host: the container itself, or the machine around it.
  const plan::Plan& host_plan() const { return outer_ ? *outer_ : container_.plan; }
  Status prepare_machine(const std::string& root);
  Status write_intent(const CreateOptions& options);
  Status begin_recording();
  Status make_cgroup();
  Status make_fifo();
  Status prepare_notify();
  Status on_pid(pid_t pid, int pidfd, bool in_cgroup, const CreateOptions& options);
  Status on_ready(const CreateOptions& options);
  void discard();

  Container container_;
  std::optional<state::ContainerDir> dir_;  // empty once kept
  state::Record record_;
  PassedDescriptors passed_;
  NamespacesAhead ahead_;
  std::optional<plan::Plan> outer_;  // of a container in a machine
  UniqueFd machine_task_;
  std::optional<sandbox::CgroupScope> scope_;
  std::optional<Session> session_;
  std::optional<NotifySocket> notify_;
  std::string notify_directory_;
  UniqueFd fifo_;
};

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_CONSTRUCTION_H_
