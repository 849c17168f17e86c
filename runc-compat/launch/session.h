// A session: one process of a container from clone to the moment where only exec.fifo and execve
// are left. Shared by create, run and exec: prepares the init program, clones, and answers init's
// messages.
#ifndef REDOUBT_LAUNCH_SESSION_H_
#define REDOUBT_LAUNCH_SESSION_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "init/prepare.h"
#include "plan/host_facts.h"
#include "plan/plan.h"
#include "runc-compat/launch/descriptors.h"
#include "runc-compat/launch/init_channel.h"
#include "runc-compat/launch/namespaces_ahead.h"
#include "runc-compat/launch/spawn.h"

namespace redoubt::launch {

struct SessionRequest {
  const plan::Plan& plan;
  const plan::HostFacts& host;
  init::SessionKind kind = init::SessionKind::kRun;
  std::vector<init::OpenNamespace> joins = {};
  PassedDescriptors passed = {};
  int fifo_fd = -1;
  int cgroup_fd = -1;  // to be born in; -1: placed by on_pid
  std::string cgroup_directory = {};
  std::string notify_directory = {};
  NamespacesAhead* ahead = nullptr;  // where some of the namespaces are being made already
  int machine_fd = -1;  // the process is redoubt-vm: its task (InitProgram::machine_fd)
  // memory.max of the cgroup, for redoubt-vm; invalid: there is none.
  std::function<UniqueFd()> open_memory_limit = {};
  std::string seccomp_cache = {};   // directory, "" = none
  std::string console_socket = {};  // receives the pty master; "": it stays with the Session
  std::function<json::Value(std::string_view status, pid_t pid)> state_document = {};

  // Called with the final process while init waits: cgroup, state, hooks ... A failure ends the
  // session.
  std::function<Status(pid_t pid, int pidfd, bool in_cgroup)> on_pid = {};
  std::function<Status()> on_mounts_ready = {};  // prestart and createRuntime hooks
  // Records the container; called while init still mounts where nothing of it can be in the way.
  std::function<Status()> on_ready = {};
};

class Session {
 public:
  // Starts and drives init until it is done. On failure the process is gone and reaped.
  static Result<Session> launch(const SessionRequest& request);

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }
  UniqueFd take_console() { return std::move(console_); }
  // After the release of `run` with startContainer hooks: waits until the process has been executed
  // or reports the failed hook.
  Status await_execve(const plan::Plan& plan);

  // Kills and reaps the process (roll-back).
  void kill();

 private:
  Status converse(const SessionRequest& request);
  Status answer(const SessionRequest& request, InitMessage& message, bool* done);
  Status adopt(const SessionRequest& request, pid_t pid);
  Status complete(const SessionRequest& request);
  Status cause_of(const SessionRequest& request, Status failure);
  Status take_console(const SessionRequest& request, InitMessage& message);
  Status take_listener(const SessionRequest& request, int remote_fd);
  Error early_exit(const SessionRequest& request);
  Error hook_failure(const init::SyncMessage& message, const plan::Plan& plan) const;

  InitChannel channel_;
  pid_t pid_ = 0;
  UniqueFd pidfd_;
  bool in_cgroup_ = false;
  bool reports_ready_ = true;
  bool awaits_parent_ = true;
  pid_t joiner_ = 0;
  UniqueFd console_;
  std::string hook_output_;  // stdout of the hook whose failure is the next message
};

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_SESSION_H_
