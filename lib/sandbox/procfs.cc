#include "sandbox/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::sandbox {
namespace {

constexpr ino_t kProcRootInode = 1;  // PROC_ROOT_INO, fs/proc/internal.h

int configure(int context_fd, unsigned command, const char* key, const char* value) {
  return static_cast<int>(syscall(SYS_fsconfig, context_fd, command, key, value, 0));
}

// A new procfs instance, attached nowhere; -1 with errno when the kernel does not let us.
UniqueFd mount_procfs(ProcfsView view) {
  const UniqueFd context(static_cast<int>(syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC)));
  if (!context.valid()) {
    return UniqueFd();
  }
  if (view == ProcfsView::kProcesses) {
    // Before Linux 5.8 there is no such option; the whole tree is as private.
    configure(context.get(), FSCONFIG_SET_STRING, "subset", "pid");
  }
  if (configure(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr) != 0) {
    return UniqueFd();
  }
  return UniqueFd(
      static_cast<int>(syscall(SYS_fsmount,
                               context.get(),
                               FSMOUNT_CLOEXEC,
                               MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)));
}

bool is_on_procfs(int fd) {
  struct statfs fs {};
  return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

}  // namespace

Result<UniqueFd> open_private_procfs(ProcfsView view) {
  UniqueFd mounted = mount_procfs(view);
  if (mounted.valid()) {
    return mounted;
  }
  TRY_ASSIGN(UniqueFd fd, open_at(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW));
  struct stat st {};
  if (fstat(fd.get(), &st) != 0) {
    return Error::system(errno, "fstat /proc");
  }
  if (!is_on_procfs(fd.get()) || st.st_ino != kProcRootInode) {
    return Error::unsupported("/proc: not the root of a procfs; mount one there");
  }
  return fd;
}

Result<UniqueFd> open_in_procfs(int procfs_fd, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  UniqueFd fd(static_cast<int>(syscall(SYS_openat2, procfs_fd, path.c_str(), &how, sizeof how)));
  if (!fd.valid()) {
    return Error::system(errno, concat("open /proc/", path));
  }
  if (!is_on_procfs(fd.get())) {
    return Error::unsupported(concat("open /proc/", path, ": not on a procfs"));
  }
  return fd;
}

}  // namespace redoubt::sandbox
