#include "escalate-vm/monitor/jail.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace redoubt::vm {
namespace {

constexpr uint64_t bit(int capability) {
  return uint64_t{1} << capability;
}

// Of VMM's user, which no other container has: vCPUs, I/O and worker threads.
constexpr rlim_t kVmmThreads = 512;
constexpr rlim_t kVmmFiles = 1024;

Status set_limit(__rlimit_resource_t resource, rlim_t value, const char* name) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0) {
    return Error::system(errno, name);
  }
  limit.rlim_max = limit.rlim_max == RLIM_INFINITY || value < limit.rlim_max ? value : limit.rlim_max;
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(resource, &limit) == 0 ? Status() : Status(Error::system(errno, name));
}

// execve(2) of a root user gives what is in the bounding set.
Status bound(uint64_t kept) {
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if ((kept & bit(capability)) == 0 && ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
      return Error::system(errno, "drop a capability of the bounding set");
    }
  }
  return {};
}

}  // namespace

const uint64_t kFileServerCapabilities =
    bit(CAP_CHOWN) | bit(CAP_DAC_OVERRIDE) | bit(CAP_FOWNER) | bit(CAP_FSETID) | bit(CAP_SETUID) |
    bit(CAP_SETGID) | bit(CAP_MKNOD) | bit(CAP_SETFCAP) | bit(CAP_SYS_CHROOT) | bit(CAP_SETPCAP);
const uint64_t kUserCapabilities = bit(CAP_SETUID) | bit(CAP_SETGID);
const uint64_t kNetworkCapabilities = bit(CAP_NET_ADMIN);

Status keep_capabilities(uint64_t kept) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (::syscall(SYS_capget, &header, data) != 0) {
    return Error::system(errno, "capget");
  }
  if ((data[0].effective & bit(CAP_SETPCAP)) != 0) {
    TRY(bound((kept & bit(CAP_SETPCAP)) != 0 ? kept : 0));
  }
  for (size_t half = 0; half < 2; ++half) {
    const auto mask = static_cast<uint32_t>(kept >> (32 * half));
    data[half].effective = data[half].permitted = data[half].permitted & mask;
    data[half].inheritable = 0;
  }
  return ::syscall(SYS_capset, &header, data) == 0 ? Status() : Status(Error::system(errno, "capset"));
}

Status become_user(uid_t user) {
  if (::setgroups(0, nullptr) != 0 || ::setresgid(user, user, user) != 0 || ::setresuid(user, user, user) != 0) {
    return Error::system(errno, "become the user of the machine");
  }
  return {};
}

Status forbid_core_files() {
  return set_limit(RLIMIT_CORE, 0, "RLIMIT_CORE");
}

Status limit_vmm(uint64_t memory) {
  TRY(set_limit(RLIMIT_FSIZE, memory, "RLIMIT_FSIZE"));
  TRY(set_limit(RLIMIT_NOFILE, kVmmFiles, "RLIMIT_NOFILE"));
  return set_limit(RLIMIT_NPROC, kVmmThreads, "RLIMIT_NPROC");
}

Status raise_open_files() {
  return set_limit(RLIMIT_NOFILE, RLIM_INFINITY, "RLIMIT_NOFILE");
}

}  // namespace redoubt::vm
