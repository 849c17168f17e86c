#include "sandbox/cgroup_program.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/str.h"
#include "sandbox/program_pins.h"

namespace redoubt::sandbox {
namespace {

constexpr size_t kMaxAttached = 64;  // BPF_CGROUP_MAX_PROGS
constexpr char kLicense[] = "Apache-2.0";

uint64_t as_u64(const void* pointer) {
  return reinterpret_cast<uint64_t>(pointer);
}

// Before Linux 5.11 programs count against RLIMIT_MEMLOCK, which is small by default and inherited
// by the container: raised for the one call.
class RaisedMemlock {
 public:
  RaisedMemlock() {
    raised_ = ::getrlimit(RLIMIT_MEMLOCK, &saved_) == 0;
    const rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    raised_ = raised_ && ::setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0;
  }
  ~RaisedMemlock() {
    const int saved_errno = errno;
    if (raised_) {
      ::setrlimit(RLIMIT_MEMLOCK, &saved_);
    }
    errno = saved_errno;
  }
  RaisedMemlock(const RaisedMemlock&) = delete;
  RaisedMemlock& operator=(const RaisedMemlock&) = delete;

 private:
  rlimit saved_ = {};
  bool raised_ = false;
};

Result<std::vector<uint32_t>> attached_ids(int cgroup_fd, const CgroupHook& hook) {
  std::vector<uint32_t> ids(kMaxAttached);
  bpf_attr attr = {};
  attr.query.target_fd = static_cast<uint32_t>(cgroup_fd);
  attr.query.attach_type = hook.attach_type;
  attr.query.prog_ids = as_u64(ids.data());
  attr.query.prog_cnt = kMaxAttached;
  if (bpf_call(BPF_PROG_QUERY, attr) < 0) {
    return Error::system(errno, concat("query ", hook.what, "s of the cgroup"));
  }
  ids.resize(attr.query.prog_cnt);
  return ids;
}

// BPF_F_REPLACE swaps ours for the old one without an instant in between.
Status attach(int cgroup_fd, const CgroupHook& hook, int program_fd, int replaced_fd) {
  bpf_attr attr = {};
  attr.target_fd = static_cast<uint32_t>(cgroup_fd);
  attr.attach_bpf_fd = static_cast<uint32_t>(program_fd);
  attr.attach_type = hook.attach_type;
  attr.attach_flags = BPF_F_ALLOW_MULTI;
  if (replaced_fd >= 0) {
    attr.attach_flags |= BPF_F_REPLACE;
    attr.replace_bpf_fd = static_cast<uint32_t>(replaced_fd);
  }
  if (bpf_call(BPF_PROG_ATTACH, attr) < 0) {
    return Error::system(errno, concat("attach ", hook.what));
  }
  return {};
}

Status detach(int cgroup_fd, const CgroupHook& hook, int program_fd) {
  bpf_attr attr = {};
  attr.target_fd = static_cast<uint32_t>(cgroup_fd);
  attr.attach_bpf_fd = static_cast<uint32_t>(program_fd);
  attr.attach_type = hook.attach_type;
  if (bpf_call(BPF_PROG_DETACH, attr) < 0 && errno != ENOENT) {
    return Error::system(errno, concat("detach old ", hook.what));
  }
  return {};
}

// The old programs go only after the new one is in force.
Status attach_in_place_of(int cgroup_fd,
                          const CgroupHook& hook,
                          int program_fd,
                          const std::vector<UniqueFd>& old) {
  if (old.size() == 1) {
    const Status replaced = attach(cgroup_fd, hook, program_fd, old.front().get());
    if (replaced || replaced.error().err() != EINVAL) {
      return replaced;
    }
    // No BPF_F_REPLACE before Linux 5.6.
  }
  TRY(attach(cgroup_fd, hook, program_fd, -1));
  for (const UniqueFd& program : old) {
    TRY(detach(cgroup_fd, hook, program.get()));
  }
  return {};
}

Status verify_attached(int cgroup_fd, const CgroupHook& hook, int program_fd) {
  TRY_ASSIGN(const bpf_prog_info info, program_info(program_fd, hook));
  TRY_ASSIGN(const std::vector<uint32_t> ids, attached_ids(cgroup_fd, hook));
  if (std::find(ids.begin(), ids.end(), info.id) == ids.end()) {
    return Error(ErrorKind::kSystem, concat(hook.what, " is not in force after it was attached"));
  }
  return {};
}

}  // namespace

long bpf_call(bpf_cmd command, bpf_attr& attr) {
  return ::syscall(SYS_bpf, command, &attr, sizeof attr);
}

Result<bpf_prog_info> program_info(int program_fd, const CgroupHook& hook) {
  bpf_prog_info info = {};
  bpf_attr attr = {};
  attr.info.bpf_fd = static_cast<uint32_t>(program_fd);
  attr.info.info_len = sizeof info;
  attr.info.info = as_u64(&info);
  if (bpf_call(BPF_OBJ_GET_INFO_BY_FD, attr) < 0) {
    return Error::system(errno, concat("query ", hook.what, " program"));
  }
  return info;
}

Result<UniqueFd> load_cgroup_program(const CgroupHook& hook, const std::vector<bpf_insn>& code) {
  bpf_attr attr = {};
  attr.prog_type = hook.type;
  attr.expected_attach_type = hook.is_for_one_hook ? hook.attach_type : 0;
  attr.insns = as_u64(code.data());
  attr.insn_cnt = static_cast<uint32_t>(code.size());
  attr.license = as_u64(kLicense);
  ::strncpy(attr.prog_name, hook.name, sizeof attr.prog_name - 1);
  long fd = bpf_call(BPF_PROG_LOAD, attr);
  if (fd < 0 && errno == EPERM) {
    const RaisedMemlock raised;
    fd = bpf_call(BPF_PROG_LOAD, attr);
  }
  if (fd < 0) {
    return Error::system(errno, concat("load ", hook.what, " program"));
  }
  return UniqueFd(static_cast<int>(fd));
}

Result<UniqueFd> open_cgroup_program(const CgroupHook& hook, const std::vector<bpf_insn>& code) {
  UniqueFd pinned = find_pinned_program(hook, code);
  if (pinned.valid()) {
    return pinned;
  }
  TRY_ASSIGN(UniqueFd program, load_cgroup_program(hook, code));
  pin_program(hook, code, program.get());
  return program;
}

Result<std::vector<UniqueFd>> attached_programs(int cgroup_fd, const CgroupHook& hook) {
  TRY_ASSIGN(const std::vector<uint32_t> ids, attached_ids(cgroup_fd, hook));
  std::vector<UniqueFd> programs;
  for (const uint32_t id : ids) {
    bpf_attr attr = {};
    attr.prog_id = id;
    const long fd = bpf_call(BPF_PROG_GET_FD_BY_ID, attr);
    if (fd >= 0) {
      programs.emplace_back(static_cast<int>(fd));
    } else if (errno != ENOENT) {  // detached meanwhile
      return Error::system(errno, concat("open ", hook.what, " program ", id));
    }
  }
  return programs;
}

Status attach_cgroup_program(int cgroup_fd,
                             const CgroupHook& hook,
                             int program_fd,
                             const std::vector<UniqueFd>& old) {
  TRY(attach_in_place_of(cgroup_fd, hook, program_fd, old));
  return verify_attached(cgroup_fd, hook, program_fd);
}

}  // namespace redoubt::sandbox
