#include "sandbox/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/io.h"
#include "base/str.h"
#include "sandbox/lsm.h"
#include "sandbox/network_filter.h"
#include "sandbox/seccomp.h"

namespace redoubt::sandbox {
namespace {

constexpr std::string_view kInitialUserNamespace = "user:[4026531837]";  // PROC_USER_INIT_INO
constexpr uint32_t kWaitKillableRecv = 1U << 5;  // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, 5.19
constexpr const char* kCgroupRoot = "/sys/fs/cgroup";

struct BoundingSet {
  uint64_t mask = 0;
  int last = -1;
};

// What execve(2) permitted came through the bounding set, unless it was inherited (capabilities(7)):
// these need not be asked for one by one.
uint64_t bounding_by_permitted() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  if (syscall(SYS_capget, &header, data) != 0 || (data[0].inheritable | data[1].inheritable) != 0) {
    return 0;
  }
  return data[0].permitted | uint64_t{data[1].permitted} << 32;
}

// The kernel refuses numbers above the last one it knows, so one walk gives both, cheaper than
// formatting and parsing /proc/self/status.
BoundingSet read_bounding_set() {
  BoundingSet set;
  const uint64_t permitted = bounding_by_permitted();
  for (int cap = 0; cap < 64; ++cap) {
    const int held = (permitted >> cap & 1) != 0 ? 1 : prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
    if (held < 0) {
      break;
    }
    set.last = cap;
    set.mask |= held != 0 ? uint64_t{1} << cap : 0;
  }
  return set;
}

bool in_user_namespace() {
  char target[64];
  const ssize_t length = readlink("/proc/self/ns/user", target, sizeof target);
  if (length > 0 &&
      std::string_view(target, static_cast<size_t>(length)) == kInitialUserNamespace) {
    return false;
  }
  // Inode numbers are not fixed on kernels that only look like Linux.
  const Result<std::string> map = read_kernel_file_at(AT_FDCWD, "/proc/self/uid_map");
  return map && !is_identity_map(*map);
}

bool has_filesystem_magic(const char* path, uint64_t magic) {
  struct statfs fs {};
  return statfs(path, &fs) == 0 && static_cast<uint64_t>(fs.f_type) == magic;
}

bool action_available(uint32_t action) {
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0U, &action) == 0;
}

std::vector<std::string> available_actions() {
  const struct {
    const char* name;
    uint32_t value;
  } actions[] = {{"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
                 {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
                 {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
                 {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
                 {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
                 {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
                 {"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF},
                 {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
                 {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP}};
  std::vector<std::string> names;
  for (const auto& action : actions) {
    if (action_available(action.value)) {
      names.emplace_back(action.name);
    }
  }
  return names;
}

struct FlagName {
  const char* name;
  uint32_t flag;
  uint32_t together_with;  // the kernel takes `flag` only with these
};
constexpr FlagName kFlags[] = {
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG, 0},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW, 0},
    {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC, 0},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", kWaitKillableRecv, SECCOMP_FILTER_FLAG_NEW_LISTENER},
};

// Unknown flags are EINVAL before the program, here a null pointer, is looked at.
bool flag_accepted(uint32_t flags) {
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, nullptr) == -1 && errno == EFAULT;
}

// A bad namespace descriptor is noticed only by kernels that know the attribute (5.12).
bool knows_idmapped_mounts() {
  mount_attr attr{};
  attr.attr_set = MOUNT_ATTR_IDMAP;
  attr.userns_fd = INT_MAX;
  const UniqueFd root(open("/", O_PATH | O_CLOEXEC));
  return syscall(SYS_mount_setattr, root.get(), "", AT_EMPTY_PATH, &attr, sizeof attr) == -1 &&
         errno == EBADF;
}

// Lines split at blanks and tabs.
std::vector<std::vector<std::string>> read_table(const char* path) {
  std::vector<std::vector<std::string>> rows;
  const Result<std::string> text = read_kernel_file_at(AT_FDCWD, path);
  for (const std::string& line : split(text ? *text : std::string(), '\n')) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const std::string& column : split(line, '\t')) {
      for (std::string& word : split(column, ' ')) {
        row.push_back(std::move(word));
      }
    }
  }
  return rows;
}

bool has_word(const char* path, std::string_view word) {
  for (const std::vector<std::string>& row : read_table(path)) {
    if (std::find(row.begin(), row.end(), word) != row.end()) {
      return true;
    }
  }
  return false;
}

bool has_mount_of_type(std::string_view type) {
  for (const std::vector<std::string>& row : read_table("/proc/self/mounts")) {
    if (row.size() > 2 && row[2] == type) {
      return true;
    }
  }
  return false;
}

// LANDLOCK_CREATE_RULESET_VERSION; 0 where the kernel has none or it is switched off.
int landlock_abi() {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, size_t{0}, 1U);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

bool is_bound_to_v1(std::string_view controller) {
  for (const std::vector<std::string>& row : read_table("/proc/cgroups")) {
    if (row.size() > 1 && row[0] == controller) {
      return row[1] != "0";  // the number of its hierarchy
    }
  }
  return false;
}

bool is_older_than(unsigned major, unsigned minor) {
  utsname name{};
  unsigned found[2] = {};
  return ::uname(&name) != 0 ||
         ::sscanf(name.release, "%u.%u", &found[0], &found[1]) != 2 ||
         std::pair(found[0], found[1]) < std::pair(major, minor);
}

// Before Linux 5.15 (8520e224f547, "Fix cgroup v2 fallback on v1/v2 mixed mode") a socket has a
// class or priority of version 1 or a cgroup of version 2, so use of the former silently took the
// programs of the latter away.
bool sockets_may_lose_their_cgroup() {
  return (is_bound_to_v1("net_cls") || is_bound_to_v1("net_prio")) && is_older_than(5, 15);
}

}  // namespace

bool is_identity_map(std::string_view text) {
  std::vector<uint64_t> numbers;
  for (const std::string& line : split(trim(text), '\n')) {
    for (const std::string& field : split(line, ' ')) {
      if (const std::optional<uint64_t> number = parse_number<uint64_t>(field)) {
        numbers.push_back(*number);
      }
    }
  }
  return numbers == std::vector<uint64_t>{0, 0, UINT32_MAX};
}

plan::HostFacts probe_host() {
  plan::HostFacts facts;
  facts.euid = geteuid();
  facts.egid = getegid();
  facts.in_user_namespace = in_user_namespace();
  const BoundingSet bounding = read_bounding_set();
  facts.bounding_capabilities = bounding.mask;
  facts.last_capability = bounding.last;
  facts.selinux_enabled = selinux_enabled();
  facts.apparmor_enabled = apparmor_enabled();
  facts.cgroup_v2_only = has_filesystem_magic(kCgroupRoot, CGROUP2_SUPER_MAGIC);
  facts.time_namespaces = access("/proc/self/ns/time", F_OK) == 0;
  facts.landlock_abi = landlock_abi();
  facts.inside_machine = access("/run/redoubt-machine", F_OK) == 0;
  return facts;
}

bool probe_network_filter() {
  return can_load_network_filter() && !sockets_may_lose_their_cgroup();
}

std::string filter_log_lack() {
  constexpr const char* kLogged = "/proc/sys/kernel/seccomp/actions_logged";
  return has_word(kLogged, "errno")
             ? ""
             : concat(kLogged, " has no errno, so the kernel reports no refusal; add it there");
}

uint32_t supported_seccomp_flags() {
  uint32_t supported = 0;
  for (const FlagName& entry : kFlags) {
    supported |= flag_accepted(entry.flag | entry.together_with) ? entry.flag : 0;
  }
  return supported;
}

KernelFeatures probe_kernel_features() {
  KernelFeatures features;
  features.last_capability = read_bounding_set().last;
  features.seccomp_actions = available_actions();
  features.seccomp_filter = !features.seccomp_actions.empty();
  const uint32_t flags = supported_seccomp_flags();
  for (const FlagName& entry : kFlags) {
    if ((flags & entry.flag) != 0) {
      features.seccomp_flags.emplace_back(entry.name);
    }
  }
  features.libseccomp_version = libseccomp_version();
  features.apparmor = apparmor_enabled();
  features.selinux = selinux_enabled();
  features.idmapped_mounts = knows_idmapped_mounts();
  features.time_namespaces = access("/proc/self/ns/time", F_OK) == 0;
  features.resctrl = has_word("/proc/filesystems", "resctrl");
  features.cgroup_v1 = has_mount_of_type("cgroup");
  features.cgroup_v2 = has_mount_of_type("cgroup2");
  features.rdma_controller =
      has_word("/proc/cgroups", "rdma") || has_word("/sys/fs/cgroup/cgroup.controllers", "rdma");
  return features;
}

}  // namespace redoubt::sandbox
