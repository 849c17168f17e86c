// Loading and attaching with bpf(2) itself. BPF_F_ALLOW_MULTI: programs of parent cgroups and
// others' programs stay in force, all must agree. BPF_F_REPLACE swaps ours for the old one without
// an instant in between.
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/str.h"
#include "sandbox/device_filter.h"

namespace redoubt::sandbox {
namespace {

constexpr size_t kMaxAttached = 64;  // BPF_CGROUP_MAX_PROGS
constexpr char kLicense[] = "Apache-2.0";
constexpr char kName[] = "redoubt_device";

uint64_t as_u64(const void* pointer) {
  return reinterpret_cast<uint64_t>(pointer);
}

long bpf(bpf_cmd command, bpf_attr& attr) {
  return ::syscall(SYS_bpf, command, &attr, sizeof attr);
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

Result<UniqueFd> load(const std::vector<bpf_insn>& code) {
  bpf_attr attr = {};
  attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attr.insns = as_u64(code.data());
  attr.insn_cnt = static_cast<uint32_t>(code.size());
  attr.license = as_u64(kLicense);
  ::memcpy(attr.prog_name, kName, sizeof kName);
  long fd = bpf(BPF_PROG_LOAD, attr);
  if (fd < 0 && errno == EPERM) {
    const RaisedMemlock raised;
    fd = bpf(BPF_PROG_LOAD, attr);
  }
  if (fd < 0) {
    return Error::system(errno, "load device filter program");
  }
  return UniqueFd(static_cast<int>(fd));
}

Result<uint32_t> program_id(int program_fd) {
  bpf_prog_info info = {};
  bpf_attr attr = {};
  attr.info.bpf_fd = static_cast<uint32_t>(program_fd);
  attr.info.info_len = sizeof info;
  attr.info.info = as_u64(&info);
  if (bpf(BPF_OBJ_GET_INFO_BY_FD, attr) < 0) {
    return Error::system(errno, "query device filter program");
  }
  return info.id;
}

Result<std::vector<uint32_t>> attached_ids(int cgroup_fd) {
  std::vector<uint32_t> ids(kMaxAttached);
  bpf_attr attr = {};
  attr.query.target_fd = static_cast<uint32_t>(cgroup_fd);
  attr.query.attach_type = BPF_CGROUP_DEVICE;
  attr.query.prog_ids = as_u64(ids.data());
  attr.query.prog_cnt = kMaxAttached;
  if (bpf(BPF_PROG_QUERY, attr) < 0) {
    return Error::system(errno, "query device filters of the cgroup");
  }
  ids.resize(attr.query.prog_cnt);
  return ids;
}

Status attach(int cgroup_fd, int program_fd, int replaced_fd) {
  bpf_attr attr = {};
  attr.target_fd = static_cast<uint32_t>(cgroup_fd);
  attr.attach_bpf_fd = static_cast<uint32_t>(program_fd);
  attr.attach_type = BPF_CGROUP_DEVICE;
  attr.attach_flags = BPF_F_ALLOW_MULTI;
  if (replaced_fd >= 0) {
    attr.attach_flags |= BPF_F_REPLACE;
    attr.replace_bpf_fd = static_cast<uint32_t>(replaced_fd);
  }
  if (bpf(BPF_PROG_ATTACH, attr) < 0) {
    return Error::system(errno, "attach device filter");
  }
  return {};
}

Status detach(int cgroup_fd, int program_fd) {
  bpf_attr attr = {};
  attr.target_fd = static_cast<uint32_t>(cgroup_fd);
  attr.attach_bpf_fd = static_cast<uint32_t>(program_fd);
  attr.attach_type = BPF_CGROUP_DEVICE;
  if (bpf(BPF_PROG_DETACH, attr) < 0 && errno != ENOENT) {
    return Error::system(errno, "detach old device filter");
  }
  return {};
}

Result<std::vector<UniqueFd>> attached_programs(int cgroup_fd) {
  TRY_ASSIGN(const std::vector<uint32_t> ids, attached_ids(cgroup_fd));
  std::vector<UniqueFd> programs;
  for (const uint32_t id : ids) {
    bpf_attr attr = {};
    attr.prog_id = id;
    const long fd = bpf(BPF_PROG_GET_FD_BY_ID, attr);
    if (fd >= 0) {
      programs.emplace_back(static_cast<int>(fd));
    } else if (errno != ENOENT) {  // detached meanwhile
      return Error::system(errno, concat("open device filter program ", id));
    }
  }
  return programs;
}

// The old programs go only after the new one is in force.
Status attach_in_place_of(int cgroup_fd, int program_fd, const std::vector<UniqueFd>& old) {
  if (old.size() == 1) {
    const Status replaced = attach(cgroup_fd, program_fd, old.front().get());
    if (replaced || replaced.error().err() != EINVAL) {
      return replaced;
    }
    // No BPF_F_REPLACE before Linux 5.6.
  }
  TRY(attach(cgroup_fd, program_fd, -1));
  for (const UniqueFd& program : old) {
    TRY(detach(cgroup_fd, program.get()));
  }
  return {};
}

// Fail closed: the kernel's own list decides, not the absence of an error.
Status verify_attached(int cgroup_fd, int program_fd) {
  TRY_ASSIGN(const uint32_t id, program_id(program_fd));
  TRY_ASSIGN(const std::vector<uint32_t> ids, attached_ids(cgroup_fd));
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
    return Error(ErrorKind::kSystem, "device filter is not in force after it was attached");
  }
  return {};
}

}  // namespace

Status attach_device_filter(int cgroup_fd,
                            const std::vector<plan::DeviceRule>& rules,
                            DeviceFilterTarget target) {
  TRY_ASSIGN(const std::vector<bpf_insn> code, build_device_filter(rules));
  TRY_ASSIGN(const UniqueFd program, load(code));
  std::vector<UniqueFd> old;
  if (target == DeviceFilterTarget::kInUse) {
    TRY_ASSIGN(old, attached_programs(cgroup_fd));
  }
  TRY(attach_in_place_of(cgroup_fd, program.get(), old));
  return verify_attached(cgroup_fd, program.get());
}

}  // namespace redoubt::sandbox
