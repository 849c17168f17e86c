// What this host offers. probe_host() is on the path of every start and asks only what resolving a
// Plan needs, without reading a file where a system call answers; KernelFeatures is for the verbs
// `features` and `doctor` and may take its time. Nothing here changes the process.
#ifndef REDOUBT_SANDBOX_PROBE_H_
#define REDOUBT_SANDBOX_PROBE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plan/host_facts.h"

namespace redoubt::sandbox {

plan::HostFacts probe_host();

// HostFacts::cgroup_bpf_network. Loads a program, some ten microseconds of work: not part of
// probe_host(), so that only those containers pay whose policy needs the answer. Nothing is kept
// for the next time; a file that says "yes" would have to be trusted.
bool probe_network_filter();

// Why the kernel tells nobody of a system call that a filter has refused with an errno, though the
// filter asks for it; empty: it tells. A switch of the administrator's.
std::string filter_log_lack();

struct KernelFeatures {
  int last_capability = 40;
  bool seccomp_filter = false;
  std::vector<std::string> seccomp_actions;  // "SCMP_ACT_ALLOW", ... that this kernel can do
  std::vector<std::string> seccomp_flags;    // "SECCOMP_FILTER_FLAG_LOG", ... that it accepts
  std::string libseccomp_version;            // "2.5.4"; empty when the library is missing
  bool apparmor = false, selinux = false;
  bool idmapped_mounts = false;
  bool time_namespaces = false;
  bool resctrl = false;          // the kernel knows the file system (Intel RDT, AMD QoS)
  bool cgroup_v1 = false;        // a v1 hierarchy is mounted
  bool cgroup_v2 = false;        // cgroup2 is mounted
  bool rdma_controller = false;  // in v1 or v2
};

KernelFeatures probe_kernel_features();

// SECCOMP_FILTER_FLAG_* (LOG, SPEC_ALLOW, TSYNC, WAIT_KILLABLE_RECV) that the kernel accepts, asked
// without loading anything.
uint32_t supported_seccomp_flags();

// Whether a uid_map text is that of the initial user namespace: all ids onto themselves.
bool is_identity_map(std::string_view text);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_PROBE_H_
