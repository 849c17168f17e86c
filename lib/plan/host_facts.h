// plan::HostFacts: what this host offers, as data, so that policy::resolve stays pure. Filled by sandbox/probe.
#ifndef REDOUBT_PLAN_HOST_FACTS_H_
#define REDOUBT_PLAN_HOST_FACTS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plan/machine.h"

namespace redoubt::plan {

struct HostFacts {
  uid_t euid = 0;
  gid_t egid = 0;
  bool in_user_namespace = false;   // /proc/self/uid_map is not the identity of the initial namespace
  uint64_t bounding_capabilities = 0;  // of this process: what can be granted at all
  int last_capability = 40;         // /proc/sys/kernel/cap_last_cap
  bool selinux_enabled = false;
  bool apparmor_enabled = false;
  bool cgroup_v2_only = false;      // cgroup2 mounted at /sys/fs/cgroup
  bool time_namespaces = true;
  int landlock_abi = 0;             // landlock_create_ruleset(2); 0: none
  // What the attached BPF LSM programs close, as fields of a policy; empty: there are none.
  std::vector<std::string_view> bpf_lsm_fields;
  std::string bpf_lsm_lack;         // why there are none, and the remedy
  // Why what system call filters refuse is not in the log of violations, and the remedy; empty: it is.
  // probe_host() leaves it as it is: only who has a policy that wants it asks.
  std::string filter_report_lack = "nobody has asked whether this host can";
  // The same of what Landlock refuses.
  std::string file_report_lack = "nobody has asked whether this host can";
  // Programs for connect, bind and sendmsg can be loaded. probe_host() leaves it false: only who has
  // a policy with such a field asks (sandbox::probe_network_filter), because asking loads a program.
  bool cgroup_bpf_network = false;
  // The root of a machine that Redoubt started: a container is isolated by it already.
  bool inside_machine = false;
  // Of the pod that the container is to join; only who resolves a bundle asks.
  PodSandbox sandbox;
  // Why no virtual machine can be started, and the remedy; empty: one can. probe_host() leaves it as
  // it is: only who has a policy that demands one asks (escalate-vm/host/probe.h), because asking
  // runs one.
  std::string machine_lack = "nobody has asked whether this host can start one";
};

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_HOST_FACTS_H_
