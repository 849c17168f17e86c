// prepare: Plan -> InitProgram, in the parent, before clone. Allocates, opens what must be opened
// with the host's privilege, and may fail freely; after it nothing is left to decide.
#ifndef REDOUBT_INIT_PREPARE_H_
#define REDOUBT_INIT_PREPARE_H_

#include <linux/filter.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "init/program.h"
#include "plan/plan.h"

namespace redoubt::init {

// A namespace to join, by an open descriptor.
struct OpenNamespace {
  UniqueFd fd;
  int clone_flag = 0;
  std::string path;
};

// One of policy's filters, compiled.
struct FloorFilter {
  std::vector<sock_filter> code;
  uint32_t flags = 0;
};

struct PrepareRequest {
  const plan::Plan& plan;
  SessionKind kind = SessionKind::kRun;
  int sync_fd = -1;
  int proc_fd = -1;
  int fifo_fd = -1;
  std::vector<sock_filter> seccomp;
  uint32_t seccomp_flags = 0;
  bool seccomp_listener = false;
  std::vector<FloorFilter> seccomp_floor = {};
  const std::vector<OpenNamespace>&
      joins;  // joined namespaces, plan.namespaces with a path or those of a running container
  bool privileged = true;              // the caller has CAP_SYS_ADMIN over the host's mounts
  bool set_groups = true;              // setgroups(2) is possible in the container
  uint32_t preserve_fds = 0;           // descriptors from 3 on, LISTEN_FDS included
  std::vector<std::string> extra_env;  // LISTEN_FDS=..., NOTIFY_SOCKET=...
  uint32_t last_capability = 40;
  std::string cgroup_directory;  // host path of the container's cgroup, for bind fallbacks
  std::string notify_directory;  // bound at /run/notify; "": no sd_notify proxy
  std::string state_json_creating,
      state_json_created;  // hook state documents; kPidMark stands where the pid goes
  bool debug = false;      // init reports every step
  bool reports_ready = true;  // InitProgram::reports_ready
  // The plan's namespaces that are there already; the clone makes the rest.
  const std::vector<OpenNamespace>& made_namespaces;
  int machine_fd = -1;     // the process is redoubt-vm, and this is its task (InitProgram::machine_fd)
};

// The place of the pid in the state documents: eleven blanks, then the mark is cut out.
inline constexpr char kPidMark[] = "@PID@";

// What the child needs: the arena and the descriptors that must survive its execve.
struct PreparedInit {
  UniqueFd arena;
  std::vector<UniqueFd> owned;     // mount trees
  std::vector<int> inherited_fds;  // every number that the program mentions
  uint64_t clone_flags = 0;        // for the first clone: CLONE_NEW* when no joiner is needed
  bool needs_joiner = false;
  // The parent has something to do before the first step (id maps, network devices), or a conversation
  // to hold. Otherwise init starts at once, if it is born in its cgroup.
  bool awaits_parent = true;
};

Result<PreparedInit> prepare(const PrepareRequest& request);

}  // namespace redoubt::init

#endif  // REDOUBT_INIT_PREPARE_H_
