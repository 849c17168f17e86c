#include "bpf/load/hooks.h"

#include "bpf/abi.h"

namespace redoubt::bpf {
namespace {

constexpr uint64_t bit(redoubt_surface surface) {
  return uint64_t{1} << surface;
}

struct HookSurfaces {
  std::string_view hook;
  uint64_t surfaces;
};

constexpr HookSurfaces kHooks[] = {
    {"bpf", bit(REDOUBT_SURFACE_BPF)},
    {"bprm_creds_for_exec", bit(REDOUBT_SURFACE_FILELESS_EXEC)},
    {"file_ioctl", bit(REDOUBT_SURFACE_TERMINAL_INJECTION)},
    {"file_open", bit(REDOUBT_SURFACE_HOST_FILES)},
    {"inode_init_security_anon", bit(REDOUBT_SURFACE_IO_URING) | bit(REDOUBT_SURFACE_USERFAULTFD)},
    {"kernel_load_data", bit(REDOUBT_SURFACE_MODULES) | bit(REDOUBT_SURFACE_KEXEC)},
    {"kernel_read_file", bit(REDOUBT_SURFACE_MODULES) | bit(REDOUBT_SURFACE_KEXEC)},
    {"key_alloc", bit(REDOUBT_SURFACE_KEYRINGS)},
    {"key_permission", bit(REDOUBT_SURFACE_KEYRINGS)},
    {"locked_down", bit(REDOUBT_SURFACE_RAW_IO)},
    {"move_mount", bit(REDOUBT_SURFACE_MOUNTS)},
    {"perf_event_open", bit(REDOUBT_SURFACE_PERF)},
    {"ptrace_access_check", bit(REDOUBT_SURFACE_PTRACE) | bit(REDOUBT_SURFACE_PTRACE_OUTSIDE)},
    {"quotactl", bit(REDOUBT_SURFACE_HOST_CONTROL)},
    {"sb_mount", bit(REDOUBT_SURFACE_MOUNTS)},
    {"settime", bit(REDOUBT_SURFACE_CLOCK)},
    {"socket_create", bit(REDOUBT_SURFACE_FAMILIES)},
    {"syslog", bit(REDOUBT_SURFACE_SYSLOG)},
    {"uring_allowed", bit(REDOUBT_SURFACE_IO_URING)},
    {"userns_create", bit(REDOUBT_SURFACE_USER_NAMESPACES)},
};

}  // namespace

uint64_t surfaces_of_hook(std::string_view hook) {
  for (const HookSurfaces& entry : kHooks) {
    if (entry.hook == hook) {
      return entry.surfaces;
    }
  }
  return 0;
}

bool is_essential_hook(std::string_view hook) {
  return hook == "task_alloc" || hook == "bprm_committing_creds";
}

}  // namespace redoubt::bpf
