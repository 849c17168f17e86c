// Namespaces, identity in them, and what is set once inside: keyring, loopback, host name, sysctls.
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if.h>
#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "init/child/step.h"
#include "init/child/sys.h"
#include "init/child/text.h"

namespace redoubt::init {
namespace {

constexpr uint32_t kMaxJoins = 16;

struct CloneArguments {  // struct clone_args, clone3(2)
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
      set_tid_size, cgroup;
};

// One pass over the joins that are not done yet; `required` turns a refusal into an error.
StepStatus join_pass(const InitProgram& program,
                     bool user,
                     bool required,
                     bool (&joined)[kMaxJoins]) {
  for (uint32_t i = 0; i < program.joins.size; ++i) {
    const NamespaceJoin& join = program.joins.data[i];
    if (joined[i] || (join.clone_flag == CLONE_NEWUSER) != user) {
      continue;
    }
    const long err = sys::call(SYS_setns, join.fd, join.clone_flag);
    if (err == 0) {
      joined[i] = true;
    } else if (required) {
      return {static_cast<int>(-err), join.path};
    }
  }
  return kOk;
}

// Writes one short value to a file beneath `dir_fd`; never through a symlink or a mount on top of
// it (CVE-2025-52881).
long write_beneath(int dir_fd, const char* path, const char* value) {
  open_how how{};
  how.flags = O_WRONLY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
  const long fd = sys::call(SYS_openat2, dir_fd, sys::arg(path), sys::arg(&how), sizeof how);
  if (fd < 0) {
    return fd;
  }
  const long n = sys::write(static_cast<int>(fd), value, text_length(value));
  sys::close(static_cast<int>(fd));
  return n < 0 ? n : 0;
}

}  // namespace

// Host-owned namespaces can be joined only with the runtime's own privilege, those that belong to
// the container's user namespace only after entering it: so everything is tried before, the user
// namespace entered, and the rest joined after.
StepStatus join_namespaces(const InitProgram& program, Context& context) {
  (void)context;
  if (program.joins.size > kMaxJoins) {
    return {E2BIG, "namespaces"};
  }
  bool joined[kMaxJoins] = {};
  StepStatus status = join_pass(program, false, false, joined);
  if (status.err == 0) {
    status = join_pass(program, true, true, joined);
  }
  return status.err == 0 ? join_pass(program, false, true, joined) : status;
}

StepStatus write_time_offsets(const InitProgram& program, Context& context) {
  (void)context;
  if (program.unshare_time == 0) {
    return kOk;
  }
  // Before the second clone, and so with the runtime's own privilege, also when that clone makes a
  // user namespace.
  const long err = sys::call(SYS_unshare, CLONE_NEWTIME);
  if (err < 0) {
    return {static_cast<int>(-err), "unshare time namespace"};
  }
  if (program.time_offsets == nullptr) {
    return kOk;
  }
  const long fd = sys::openat(program.proc_fd, "self/timens_offsets", O_WRONLY | O_CLOEXEC);
  if (fd < 0) {
    return {static_cast<int>(-fd), "timens_offsets"};
  }
  const long n =
      sys::write(static_cast<int>(fd), program.time_offsets, text_length(program.time_offsets));
  sys::close(static_cast<int>(fd));
  return n < 0 ? StepStatus{static_cast<int>(-n), "timens_offsets"} : kOk;
}

StepStatus clone_init(const InitProgram& program, Context& context) {
  // The parent writes our id maps through /proc, which it may only while we are dumpable; nobody
  // else can see this process yet.
  if (program.new_user_namespace != 0) {
    sys::prctl(PR_SET_DUMPABLE, 1);
  }
  CloneArguments arguments{};
  arguments.flags = program.clone_flags | CLONE_PARENT;
  const long pid = sys::call(SYS_clone3, sys::arg(&arguments), sizeof arguments);
  if (pid < 0) {
    return {static_cast<int>(-pid), "clone3"};
  }
  if (pid == 0) {
    return kOk;
  }
  send_message(
      context, SyncWord::kInitPid, InitStep::kCloneInit, 0, static_cast<int>(pid), nullptr);
  sys::exit_group(0);
}

StepStatus await_parent(const InitProgram& program, Context& context) {
  (void)program;
  if (!context.awaits_parent) {
    return kOk;
  }
  return await_answer(context);
}

StepStatus become_root(const InitProgram& program, Context& context) {
  (void)context;
  if (program.become_root != 0) {
    long err = sys::call(SYS_setresgid, 0, 0, 0);
    if (err == 0) {
      err = sys::call(SYS_setresuid, 0, 0, 0);
    }
    if (err < 0) {
      return {static_cast<int>(-err), "become root in the user namespace"};
    }
  }
  sys::prctl(PR_SET_DUMPABLE, 0);
  return kOk;
}

StepStatus unshare_ipc(const InitProgram& program, Context& context) {
  (void)context;
  if (program.unshare_ipc == 0) {
    return kOk;
  }
  const long err = sys::call(SYS_unshare, CLONE_NEWIPC);
  return err < 0 ? StepStatus{static_cast<int>(-err), "unshare ipc namespace"} : kOk;
}

StepStatus enter_made_namespaces(const InitProgram& program, Context& context) {
  (void)context;
  for (const NamespaceJoin& made : program.made_namespaces) {
    const long err = sys::call(SYS_setns, made.fd, made.clone_flag);
    sys::close(made.fd);
    if (err < 0) {
      return {static_cast<int>(-err), made.path};
    }
  }
  return kOk;
}

// A session of our own: no way back to the caller's terminal (TIOCSTI), and its signals do not
// reach us.
StepStatus start_session(const InitProgram& program, Context& context) {
  (void)program;
  (void)context;
  const long err = sys::call(SYS_setsid);
  return err < 0 && err != -EPERM ? StepStatus{static_cast<int>(-err), "setsid"} : kOk;
}

StepStatus join_keyring(const InitProgram& program, Context& context) {
  (void)context;
  if (program.keyring_name == nullptr) {
    return kOk;
  }
  // The label of the key that is created next; SELinux only, refused elsewhere without harm.
  if (program.keyring_label != nullptr) {
    const long err =
        write_beneath(program.proc_fd, "thread-self/attr/keycreate", program.keyring_label);
    if (err < 0 && err != -ENOENT && err != -EINVAL) {
      return {static_cast<int>(-err), program.keyring_label};
    }
  }
  const long id =
      sys::call(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, sys::arg(program.keyring_name));
  if (program.keyring_label != nullptr) {
    write_beneath(program.proc_fd, "thread-self/attr/keycreate", "");
  }
  if (id == -ENOSYS) {
    return kOk;  // a kernel without keyrings has nothing to leak
  }
  if (id < 0) {
    return {static_cast<int>(-id), program.keyring_name};
  }
  if (program.create_keyring != 0) {
    // Processes that exec puts in later find the ring by name: they need search permission
    // (KEY_USR_SEARCH).
    constexpr uint32_t kPossessorAll = 0x3f000000;
    constexpr uint32_t kUserViewReadSearch = 0x000b0000;
    const long err = sys::call(SYS_keyctl, KEYCTL_SETPERM, id, kPossessorAll | kUserViewReadSearch);
    if (err < 0 && err != -EACCES) {
      return {static_cast<int>(-err), program.keyring_name};
    }
  }
  return kOk;
}

StepStatus loopback_up(const InitProgram& program, Context& context) {
  (void)context;
  if (program.loopback_up == 0) {
    return kOk;
  }
  const long fd = sys::call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return {static_cast<int>(-fd), "socket"};
  }
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const long err = sys::ioctl(static_cast<int>(fd), SIOCSIFFLAGS, &request);
  sys::close(static_cast<int>(fd));
  return err < 0 ? StepStatus{static_cast<int>(-err), "lo"} : kOk;
}

StepStatus unshare_cgroup(const InitProgram& program, Context& context) {
  (void)context;
  if (program.unshare_cgroup == 0) {
    return kOk;
  }
  const long err = sys::call(SYS_unshare, CLONE_NEWCGROUP);
  return err < 0 ? StepStatus{static_cast<int>(-err), "unshare cgroup namespace"} : kOk;
}

StepStatus set_hostname(const InitProgram& program, Context& context) {
  (void)context;
  const char* host = program.rootfs.hostname;
  if (host != nullptr) {
    const long err =
        sys::call(SYS_sethostname, sys::arg(host), static_cast<long>(text_length(host)));
    if (err < 0) {
      return {static_cast<int>(-err), host};
    }
  }
  const char* domain = program.rootfs.domainname;
  if (domain != nullptr) {
    const long err =
        sys::call(SYS_setdomainname, sys::arg(domain), static_cast<long>(text_length(domain)));
    if (err < 0) {
      return {static_cast<int>(-err), domain};
    }
  }
  return kOk;
}

// Through the parent's verified procfs, never the container's /proc, which the image or a volume
// may have replaced.
StepStatus write_sysctls(const InitProgram& program, Context& context) {
  for (const SysctlStep& sysctl : program.rootfs.sysctls) {
    FixedText<kItemLimit> path;
    path.add("sys/").add(sysctl.name);
    const long err =
        path.truncated ? -ENAMETOOLONG : write_beneath(program.proc_fd, path.data, sysctl.value);
    if (err < 0) {
      memcpy(context.scratch, path.data, path.size + 1);
      return {static_cast<int>(-err), context.scratch};
    }
  }
  return kOk;
}

}  // namespace redoubt::init
