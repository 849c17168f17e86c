// Programs of a cgroup: loading, attaching, and asking the kernel what is attached, with bpf(2)
// itself (no libbpf).
//
// Attached with BPF_F_ALLOW_MULTI: programs of parent cgroups and others' programs stay in force,
// all must agree, and child cgroups inherit. Attached to the cgroup itself and not by a link: a
// link would end with the runtime. Used by device_filter_attach.cc and network_filter_attach.cc.
#ifndef REDOUBT_SANDBOX_CGROUP_PROGRAM_H_
#define REDOUBT_SANDBOX_CGROUP_PROGRAM_H_

#include <linux/bpf.h>

#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::sandbox {

// Where a program is called, and how it is spoken of.
struct CgroupHook {
  const char* what;  // for messages: "device filter"
  const char* name;  // of the program, as bpftool shows it; up to 15 bytes
  bpf_prog_type type;
  bpf_attach_type attach_type;
  // The verifier checks the program for this hook: what of the context exists, what it may return.
  bool is_for_one_hook = false;
};

// bpf(2) itself: -1 with errno.
long bpf_call(bpf_cmd command, bpf_attr& attr);
Result<bpf_prog_info> program_info(int program_fd, const CgroupHook& hook);

// Needs CAP_BPF and CAP_NET_ADMIN (or CAP_SYS_ADMIN) in the initial user namespace: err() EPERM
// otherwise.
Result<UniqueFd> load_cgroup_program(const CgroupHook& hook, const std::vector<bpf_insn>& code);

// The same program where it is loaded already (program_pins.h), a new one elsewhere.
Result<UniqueFd> open_cgroup_program(const CgroupHook& hook, const std::vector<bpf_insn>& code);

// What is attached to the cgroup itself.
Result<std::vector<UniqueFd>> attached_programs(int cgroup_fd, const CgroupHook& hook);

// Attaches, takes `old` away once it is in force, and makes sure that it is: fail closed, the
// kernel's own list decides and not the absence of an error.
Status attach_cgroup_program(int cgroup_fd,
                             const CgroupHook& hook,
                             int program_fd,
                             const std::vector<UniqueFd>& old);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_CGROUP_PROGRAM_H_
