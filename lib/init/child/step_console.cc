// The terminal: a pty pair of the container's own devpts; the slave becomes stdio and /dev/console,
// the master goes to the parent.
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "init/child/mount_api.h"
#include "init/child/rooted.h"
#include "init/child/step.h"
#include "init/child/sys.h"
#include "init/child/text.h"

namespace redoubt::init {
namespace {

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

// The multiplexer must be the device 5:2 on a devpts: anything else would be a file of the
// attacker's choice (CVE-2025-52565).
long open_master() {
  // /dev/ptmx is our link to pts/ptmx; followed inside the root (which is ours now).
  const long root = sys::openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) {
    return root;
  }
  const long fd = open_in_root(static_cast<int>(root), "/dev/pts/ptmx", O_RDWR | O_NOCTTY);
  sys::close(static_cast<int>(root));
  if (fd < 0) {
    return fd;
  }
  struct stat st {};
  const long err = stat_fd(static_cast<int>(fd), &st);
  if (err < 0 || (st.st_mode & S_IFMT) != S_IFCHR || st.st_rdev != makedev(5, 2) ||
      filesystem_type(static_cast<int>(fd)) != DEVPTS_SUPER_MAGIC) {
    sys::close(static_cast<int>(fd));
    return err < 0 ? err : -ENODEV;
  }
  return fd;
}

// The slave by TIOCGPTPEER: from the master itself, not by a path that the container could have
// replaced.
long open_slave(int master) {
  const int unlock = 0;
  const long err = sys::ioctl(master, TIOCSPTLCK, &unlock);
  if (err < 0) {
    return err;
  }
  return sys::call(SYS_ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

// /dev/console: the slave bound over a file made without following links. Before pivot it would
// need the host's mount table; here the slave's mount is ours.
long bind_console(int slave) {
  const long root = sys::openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  const long dev =
      root < 0 ? root : open_in_root(static_cast<int>(root), "/dev", O_PATH | O_DIRECTORY);
  sys::close(static_cast<int>(root));
  if (dev < 0) {
    return dev;
  }
  const int dev_fd = static_cast<int>(dev);
  long err = sys::call(SYS_mknodat, dev_fd, sys::arg("console"), S_IFREG | 0666, 0);
  err = err == -EEXIST ? 0 : err;
  const long target =
      err < 0 ? err : sys::openat(dev_fd, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat st {};
  if (target >= 0) {
    err = stat_fd(static_cast<int>(target), &st);
    if (err == 0 && (st.st_mode & S_IFMT) == S_IFLNK) {
      err = -ELOOP;
    }
  } else {
    err = target;
  }
  const long tree = err < 0 ? err : open_tree(slave, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
  if (tree >= 0) {
    err = move_mount(static_cast<int>(tree), static_cast<int>(target));
    sys::close(static_cast<int>(tree));
  }
  sys::close(static_cast<int>(target));
  sys::close(dev_fd);
  return tree < 0 ? tree : err;
}

long become_stdio(int slave) {
  for (int fd = 0; fd < 3; ++fd) {
    const long err = sys::call(SYS_dup3, slave, fd, 0);
    if (err < 0) {
      return err;
    }
  }
  return sys::call(SYS_ioctl, 0, TIOCSCTTY, 0);
}

bool is_null_device(const struct stat& st) {
  return (st.st_mode & S_IFMT) == S_IFCHR && st.st_rdev == makedev(1, 3);
}

}  // namespace

StepStatus open_console(const InitProgram& program, Context& context) {
  if (program.process.terminal == 0) {
    return kOk;
  }
  const long master = open_master();
  if (master < 0) {
    return {static_cast<int>(-master), "/dev/pts/ptmx"};
  }
  const long slave = open_slave(static_cast<int>(master));
  if (slave < 0) {
    return {static_cast<int>(-slave), "pty slave"};
  }
  if (program.process.console_height != 0 || program.process.console_width != 0) {
    const winsize size{static_cast<unsigned short>(program.process.console_height),
                       static_cast<unsigned short>(program.process.console_width),
                       0,
                       0};
    sys::ioctl(static_cast<int>(master), TIOCSWINSZ, &size);
  }
  unsigned number = 0;
  sys::ioctl(static_cast<int>(master), TIOCGPTN, &number);
  FixedText<64> name;
  name.add("/dev/pts/").add_number(number);
  if (!send_descriptor(context, SyncWord::kConsole, static_cast<int>(master), name.data)) {
    return {EPIPE, "console"};
  }
  const long answered = await_proceed(context);
  sys::close(static_cast<int>(master));
  long err = answered < 0 ? answered : 0;
  if (err == 0 && program.kind != SessionKind::kExec) {
    err = bind_console(static_cast<int>(slave));
  }
  if (err == 0) {
    err = become_stdio(static_cast<int>(slave));
  }
  sys::close(static_cast<int>(slave));
  return err < 0 ? StepStatus{static_cast<int>(-err), "/dev/console"} : kOk;
}

// The user may open its own stdio again (/dev/stdout); the group stays, and the host's /dev/null is
// left alone.
StepStatus chown_stdio(const InitProgram& program, Context& context) {
  (void)context;
  if (program.process.chown_stdio == 0) {
    return kOk;
  }
  for (int fd = 0; fd < 3; ++fd) {
    struct stat st {};
    if (stat_fd(fd, &st) < 0 || is_null_device(st) || st.st_uid == program.process.uid) {
      continue;
    }
    const long err = sys::call(SYS_fchown, fd, program.process.uid, -1);
    // An owner that is not mapped here, somebody else's file, a read-only file system: the
    // descriptor still works.
    if (err < 0 && err != -EINVAL && err != -EPERM && err != -EROFS) {
      return {static_cast<int>(-err), "stdio"};
    }
  }
  return kOk;
}

}  // namespace redoubt::init
