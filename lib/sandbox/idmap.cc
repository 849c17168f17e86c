#include "sandbox/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/io.h"
#include "base/str.h"
#include "sandbox/idmap_helper.h"

namespace redoubt::sandbox {
namespace {

constexpr size_t kMaxRanges = 340;    // UID_GID_MAP_MAX_EXTENTS, include/linux/user_namespace.h
constexpr size_t kMaxMapText = 4095;  // map_write() takes less than a page, in one write

struct Kind {
  const char* field;   // config.json
  const char* file;    // below /proc/PID
  const char* helper;  // newuidmap(1), newgidmap(1)
};
constexpr Kind kUid = {"linux.uidMappings", "uid_map", "newuidmap"};
constexpr Kind kGid = {"linux.gidMappings", "gid_map", "newgidmap"};

bool overlap(uint32_t a, uint32_t b, uint32_t size_a, uint32_t size_b) {
  return uint64_t{a} < uint64_t{b} + size_b && uint64_t{b} < uint64_t{a} + size_a;
}

Status validate_range(const plan::IdMapping& range, const std::string& field) {
  if (range.size == 0) {
    return Error::invalid(concat(field, ": size must not be 0"));
  }
  // 4294967295 is "no id" and cannot be mapped.
  if (uint64_t{range.container_id} + range.size > UINT32_MAX ||
      uint64_t{range.host_id} + range.size > UINT32_MAX) {
    return Error::invalid(concat(field, ": the range ends beyond 4294967294"));
  }
  return {};
}

Status validate_map(const std::vector<plan::IdMapping>& map, const Kind& kind) {
  if (map.size() > kMaxRanges || id_map_text(map).size() > kMaxMapText) {
    return Error::invalid(concat(kind.field,
                                 ": ",
                                 map.size(),
                                 " ranges; the kernel takes ",
                                 kMaxRanges,
                                 " in at most ",
                                 kMaxMapText,
                                 " bytes; merge adjacent ones"));
  }
  for (size_t i = 0; i < map.size(); ++i) {
    TRY(validate_range(map[i], concat(kind.field, "[", i, "]")));
    for (size_t j = 0; j < i; ++j) {
      if (overlap(map[i].container_id, map[j].container_id, map[i].size, map[j].size) ||
          overlap(map[i].host_id, map[j].host_id, map[i].size, map[j].size)) {
        return Error::invalid(concat(kind.field, "[", i, "]: overlaps with [", j, "]"));
      }
    }
  }
  return {};
}

Status write_proc(pid_t pid, const char* file, std::string_view text, const char* field) {
  return write_kernel_file_at(AT_FDCWD, concat("/proc/", pid, "/", file), text).context(field);
}

bool is_own_id_only(const std::vector<plan::IdMapping>& map, uint32_t own) {
  return map.size() == 1 && map[0].size == 1 && map[0].host_id == own;
}

Status write_unprivileged_map(pid_t pid,
                              const std::vector<plan::IdMapping>& map,
                              const Kind& kind,
                              uint32_t own) {
  if (map.empty()) {
    return {};
  }
  if (!is_own_id_only(map, own)) {
    return run_idmap_helper(kind.helper, pid, map).context(kind.field);
  }
  if (kind.helper == kGid.helper) {
    // A process without privilege may map its group only after giving up setgroups(2): dropping a
    // group could otherwise gain access (user_namespaces(7), CVE-2014-8989).
    TRY(write_proc(pid, "setgroups", "deny", kind.field));
  }
  return write_proc(pid, kind.file, id_map_text(map), kind.field);
}

Status write_map(pid_t pid, const std::vector<plan::IdMapping>& map, const Kind& kind) {
  return map.empty() ? Status() : write_proc(pid, kind.file, id_map_text(map), kind.field);
}

struct Waiting {
  pid_t pid = -1;
  ~Waiting() {
    if (pid > 0) {
      kill(pid, SIGKILL);
      while (waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {
      }
    }
  }
};

// The child sends no signal when it ends (exit_signal 0), so a caller's SIGCHLD handling is not
// disturbed. It calls nothing that could need a lock held elsewhere in the parent.
pid_t clone_into_user_namespace() {
  clone_args args{};
  args.flags = CLONE_NEWUSER;
  const pid_t parent = getpid();
  const pid_t pid = static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof args));
  if (pid == 0) {
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    while (syscall(SYS_getppid) == parent) {  // else it died before the line above
      syscall(SYS_ppoll, nullptr, 0, nullptr, nullptr, 0);
    }
    syscall(SYS_exit_group, 0);
  }
  return pid;
}

}  // namespace

Status validate_id_maps(const plan::IdMaps& maps) {
  TRY(validate_map(maps.uid, kUid));
  return validate_map(maps.gid, kGid);
}

std::string id_map_text(const std::vector<plan::IdMapping>& map) {
  std::string text;
  for (const plan::IdMapping& range : map) {
    text += concat(range.container_id, ' ', range.host_id, ' ', range.size, '\n');
  }
  return text;
}

std::optional<uint32_t> map_to_host(const std::vector<plan::IdMapping>& map, uint32_t id) {
  if (map.empty()) {
    return id;
  }
  for (const plan::IdMapping& range : map) {
    if (id >= range.container_id && id - range.container_id < range.size) {
      const uint64_t host = uint64_t{range.host_id} + (id - range.container_id);
      return host < UINT32_MAX ? std::optional<uint32_t>(static_cast<uint32_t>(host))
                               : std::nullopt;
    }
  }
  return std::nullopt;
}

Status write_id_maps(pid_t pid, const plan::IdMaps& maps, bool privileged) {
  TRY(validate_id_maps(maps));
  if (privileged) {
    TRY(write_map(pid, maps.uid, kUid));
    return write_map(pid, maps.gid, kGid);
  }
  TRY(write_unprivileged_map(pid, maps.gid, kGid, getegid()));
  return write_unprivileged_map(pid, maps.uid, kUid, geteuid());
}

Result<UniqueFd> create_user_namespace(const plan::IdMaps& maps) {
  const Waiting child{clone_into_user_namespace()};
  if (child.pid < 0) {
    return Error::system(errno, "idmapped mount: clone3 with CLONE_NEWUSER");
  }
  TRY(write_id_maps(child.pid, maps, true));
  return open_at(AT_FDCWD, concat("/proc/", child.pid, "/ns/user"), O_RDONLY);
}

}  // namespace redoubt::sandbox
