#include "runc-compat/state/status.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "sandbox/cgroup_control.h"

namespace redoubt::state {
namespace {

// Whether init waits at exec.fifo. A FIFO without a reader is what a `start` that was killed right
// after its write leaves.
Result<bool> is_waiting_for_start(const ContainerDir& dir) {
  struct stat st = {};
  if (::fstatat(dir.fd(), kExecFifo, &st, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? Result<bool>(false)
                           : Error::system(errno, concat("stat ", dir.path(), "/", kExecFifo));
  }
  if (!S_ISFIFO(st.st_mode)) {
    return Error::invalid(concat(dir.path(), "/", kExecFifo, ": not a FIFO"));
  }
  Result<UniqueFd> fd = open_at(dir.fd(), kExecFifo, O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
  if (!fd) {
    if (fd.error().err() == ENXIO || fd.error().err() == ENOENT) {
      return false;
    }
    return std::move(fd).error();
  }
  return true;
}

Result<bool> is_this_boot(const Record& record) {
  TRY_ASSIGN(const std::string boot_id, sandbox::read_boot_id());
  return boot_id == record.boot_id;
}

}  // namespace

std::string_view status_name(ContainerStatus status) {
  switch (status) {
    case ContainerStatus::kCreating:
      return "creating";
    case ContainerStatus::kCreated:
      return "created";
    case ContainerStatus::kRunning:
      return "running";
    case ContainerStatus::kPaused:
      return "paused";
    case ContainerStatus::kStopped:
      return "stopped";
  }
  return "stopped";
}

Result<sandbox::ProcessIdentity> init_of(const Record& record) {
  TRY_ASSIGN(const bool current, is_this_boot(record));
  return current ? sandbox::ProcessIdentity{record.init_pid, record.init_start_time}
                 : sandbox::ProcessIdentity{};
}

Result<bool> owns_cgroup(const Record& record) {
  if (record.cgroup_directory.empty() || record.cgroup_inode == 0) {
    return false;
  }
  TRY_ASSIGN(const bool current, is_this_boot(record));
  if (!current) {
    return false;
  }
  struct stat st = {};
  if (::lstat(record.cgroup_directory.c_str(), &st) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return false;
    }
    return Error::system(errno, concat("stat ", record.cgroup_directory));
  }
  return S_ISDIR(st.st_mode) && st.st_ino == record.cgroup_inode;
}

Result<ContainerStatus> status_of(const ContainerDir& dir, const Record& record) {
  TRY_ASSIGN(const sandbox::ProcessIdentity init, init_of(record));
  TRY_ASSIGN(const bool init_runs, sandbox::is_running(init));
  if (record.phase == Record::Phase::kIntent) {
    TRY_ASSIGN(const bool current, is_this_boot(record));
    TRY_ASSIGN(const bool creating,
               sandbox::is_running({current ? record.creator_pid : 0, record.creator_start_time}));
    // A creator that is gone leaves nothing that could ever be started, whatever its init still
    // does.
    return creating ? ContainerStatus::kCreating : ContainerStatus::kStopped;
  }
  if (!init_runs) {
    return ContainerStatus::kStopped;
  }
  TRY_ASSIGN(const bool owned, owns_cgroup(record));
  if (owned) {
    TRY_ASSIGN(const bool frozen, sandbox::is_frozen(record.cgroup_directory));
    if (frozen) {
      return ContainerStatus::kPaused;
    }
  }
  TRY_ASSIGN(const bool waiting, is_waiting_for_start(dir));
  return waiting ? ContainerStatus::kCreated : ContainerStatus::kRunning;
}

}  // namespace redoubt::state
