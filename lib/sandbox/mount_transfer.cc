#include "sandbox/mount_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "base/io.h"
#include "base/str.h"
#include "sandbox/pidfd.h"

namespace redoubt::sandbox {
namespace {

constexpr size_t kMessageLimit = 4096;

// The pid is verified again after its namespace is open: one that was recycled meanwhile is not used. A process
// on its way out has no namespaces any more.
Result<UniqueFd> open_mount_namespace(const ProcessIdentity& process) {
  TRY_ASSIGN(const Pidfd pidfd, Pidfd::open_verified(process));
  Result<UniqueFd> ns = open_at(AT_FDCWD, concat("/proc/", process.pid, "/ns/mnt"), O_RDONLY);
  if (!ns && ns.error().err() == ENOENT) {
    return Error::system(ESRCH, concat("process ", process.pid));
  }
  if (!ns) {
    return std::move(ns).error();
  }
  TRY(pidfd.send_signal(0));
  return ns;
}

// setns(2) also makes the namespace's root the root and the working directory.
Status enter(const UniqueFd& ns) {
  return ::setns(ns.get(), CLONE_NEWNS) != 0 ? Status(Error::system(errno, "setns to a mount namespace")) : Status();
}

Result<UniqueFd> open_beneath(int folder, const std::string& name) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, folder, name.c_str(), &how, sizeof how)));
  if (!fd.valid()) {
    return Error::system(errno, concat("open ", name));
  }
  return fd;
}

Status attach(int tree, const std::string& folder, const std::string& name) {
  TRY_ASSIGN(const UniqueFd parent, open_at(AT_FDCWD, folder, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  if (::mkdirat(parent.get(), name.c_str(), 0755) != 0 && errno != EEXIST) {
    return Error::system(errno, concat("mkdir ", folder, "/", name));
  }
  TRY_ASSIGN(const UniqueFd target, open_beneath(parent.get(), name));
  if (::syscall(SYS_move_mount, tree, "", target.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0) {
    return Error::system(errno, concat("move_mount to ", folder, "/", name));
  }
  return {};
}

// The work runs in a child, whose namespaces are nobody else's; its error comes back as text.
Status in_child(const std::function<Status()>& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return Error::system(errno, "pipe");
  }
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) {
    return Error::system(errno, "fork");
  }
  if (pid == 0) {
    const Status status = work();
    if (!status) {
      ignore(write_all(writer.get(), status.error().message(), "pipe"), "the exit status says it failed");
    }
    ::_exit(status ? 0 : 1);
  }
  writer.reset();
  Result<std::string> text = read_all(reader.get(), kMessageLimit, "pipe");
  int ended = 0;
  while (::waitpid(pid, &ended, 0) < 0 && errno == EINTR) {
  }
  return ended == 0 ? Status() : Status(Error(ErrorKind::kSystem, text && !text->empty() ? *text : "the child that moves mounts died"));
}

}  // namespace

Status transfer_mounts(const ProcessIdentity& from,
                       const ProcessIdentity& to,
                       const std::string& folder,
                       const std::string& name) {
  TRY_ASSIGN(const UniqueFd source, open_mount_namespace(from));
  TRY_ASSIGN(const UniqueFd target, open_mount_namespace(to));
  return in_child([&]() -> Status {
    TRY(enter(source));
    const std::string path = concat(folder, "/", name);
    const UniqueFd tree(static_cast<int>(
        ::syscall(SYS_open_tree, AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW)));
    if (!tree.valid()) {
      return Error::system(errno, concat("open_tree ", path));
    }
    TRY(enter(target));
    return attach(tree.get(), folder, name);
  });
}

Status remove_mounts(const ProcessIdentity& from, const std::string& folder, const std::string& name) {
  TRY_ASSIGN(const UniqueFd ns, open_mount_namespace(from));
  return in_child([&]() -> Status {
    TRY(enter(ns));
    const std::string path = concat(folder, "/", name);
    if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0 && errno != EINVAL && errno != ENOENT) {
      return Error::system(errno, concat("umount ", path));
    }
    ::rmdir(path.c_str());
    return {};
  });
}

}  // namespace redoubt::sandbox
