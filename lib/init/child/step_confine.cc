// What the process may do: scheduling, labels, no_new_privs, seccomp, ids, capabilities.
// Half-dropped privilege is never kept: any failure ends the process.
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "init/child/step.h"
#include "init/child/sys.h"
#include "init/child/text.h"

namespace redoubt::init {
namespace {

constexpr int kIoprioWhoProcess = 1;
constexpr size_t kLabelLimit = 4096;

long open_attribute(const InitProgram& program, const char* path, int flags) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
  return sys::call(SYS_openat2, program.proc_fd, sys::arg(path), sys::arg(&how), sizeof how);
}

// What was written must be what the kernel holds: a redirected write is a container without
// confinement (CVE-2025-52881).
long verify_attribute(const InitProgram& program, const char* path, const char* label) {
  char held[kLabelLimit];
  const long fd = open_attribute(program, path, O_RDONLY);
  if (fd < 0) {
    return fd;
  }
  long n = sys::read(static_cast<int>(fd), held, sizeof held - 1);
  sys::close(static_cast<int>(fd));
  if (n < 0) {
    return n;
  }
  while (n > 0 && (held[n - 1] == '\0' || held[n - 1] == '\n')) {
    --n;
  }
  held[n] = '\0';
  return starts_with(held, label) ? 0 : -EPERM;
}

long write_attribute(const InitProgram& program,
                     const char* path,
                     const char* value,
                     size_t length,
                     const char* expected) {
  const long fd = open_attribute(program, path, O_WRONLY);
  if (fd < 0) {
    return fd;
  }
  const long n = sys::write(static_cast<int>(fd), value, length);
  sys::close(static_cast<int>(fd));
  return n < 0 ? n : verify_attribute(program, path, expected);
}

long write_apparmor(const InitProgram& program, const char* profile) {
  FixedText<kLabelLimit> command;
  command.add("exec ").add(profile);
  long err = write_attribute(
      program, "thread-self/attr/apparmor/exec", command.data, command.size, profile);
  if (err == -ENOENT) {  // kernels before 5.8 have only the shared file
    err = write_attribute(program, "thread-self/attr/exec", command.data, command.size, profile);
  }
  return err;
}

StepStatus load_floor(const ProcessProgram& process) {
  for (const SeccompFilter& floor : process.seccomp_floor) {
    sock_fprog filter{static_cast<unsigned short>(floor.code.size), floor.code.data};
    const long err = sys::call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, floor.flags, sys::arg(&filter));
    if (err < 0) {
      return {static_cast<int>(-err), "seccomp filter of the policy"};
    }
  }
  return kOk;
}

// Policy's filters first: config.json's may forbid to load another one.
StepStatus load_filters(const ProcessProgram& process, Context& context) {
  const StepStatus floor = load_floor(process);
  if (floor.err != 0) {
    return floor;
  }
  if (process.seccomp.size == 0) {
    return kOk;
  }
  sock_fprog filter{static_cast<unsigned short>(process.seccomp.size), process.seccomp.data};
  uint32_t flags = process.seccomp_flags;
  if (process.seccomp_listener != 0) {
    flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
  }
  const long err = sys::call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, sys::arg(&filter));
  if (err < 0) {
    return {static_cast<int>(-err), "seccomp"};
  }
  if (process.seccomp_listener == 0) {
    return kOk;
  }
  // The parent takes the listener by pidfd_getfd and answers; our copy goes away, nobody inside may
  // hold it.
  const int listener = static_cast<int>(err);
  if (!send_message(context, SyncWord::kListener, InitStep::kSeccompLate, 0, listener, nullptr)) {
    return {EPIPE, "seccomp listener"};
  }
  const long answer = await_proceed(context);
  sys::close(listener);
  return answer < 0 ? StepStatus{static_cast<int>(-answer), "seccomp listener"} : kOk;
}

long drop_bounding(const CapabilityMasks& masks) {
  for (uint32_t cap = 0; cap <= masks.last_capability; ++cap) {
    if ((masks.bounding >> cap & 1) == 0) {
      const long err = sys::prctl(PR_CAPBSET_DROP, cap);
      if (err < 0) {
        return err;
      }
    }
  }
  return 0;
}

}  // namespace

StepStatus report_ready(const InitProgram& program, Context& context) {
  if (program.reports_ready != 0 &&
      !send_message(context, SyncWord::kReady, InitStep::kReady, 0, 0, nullptr)) {
    return {EPIPE, "parent"};
  }
  return await_answer(context);
}

StepStatus set_scheduling(const InitProgram& program, Context& context) {
  (void)context;
  const ProcessProgram& process = program.process;
  long err = 0;
  // Whatever mask the engine was pinned to is not the container's business; the cpuset still bounds
  // it.
  uint64_t all[16];
  memset(all, 0xff, sizeof all);
  const bool given = process.cpu_affinity.size != 0;
  err = given ? sys::call(SYS_sched_setaffinity,
                          0,
                          process.cpu_affinity.size * sizeof(uint64_t),
                          sys::arg(process.cpu_affinity.data))
              : sys::call(SYS_sched_setaffinity, 0, sizeof all, sys::arg(all));
  if (err < 0 && given) {
    return {static_cast<int>(-err), "execCPUAffinity"};
  }
  if (process.has_scheduler != 0) {
    err = sys::call(SYS_sched_setattr, 0, sys::arg(&process.scheduler), 0);
    if (err < 0) {
      return {static_cast<int>(-err), "scheduler"};
    }
  }
  if (process.io_priority >= 0) {
    err = sys::call(SYS_ioprio_set, kIoprioWhoProcess, 0, process.io_priority);
    if (err < 0) {
      return {static_cast<int>(-err), "ioPriority"};
    }
  }
  if (process.memory_policy_mode >= 0) {
    const uint32_t bits = process.memory_policy_nodes.size * 64;
    err = sys::call(SYS_set_mempolicy,
                    process.memory_policy_mode,
                    sys::arg(process.memory_policy_nodes.data),
                    bits == 0 ? 0 : bits + 1);
    if (err < 0) {
      return {static_cast<int>(-err), "memoryPolicy"};
    }
  }
  if (process.has_personality != 0) {
    err = sys::call(SYS_personality, static_cast<long>(process.personality));
    if (err < 0) {
      return {static_cast<int>(-err), "personality"};
    }
  }
  return kOk;
}

StepStatus set_labels(const InitProgram& program, Context& context) {
  (void)context;
  const ProcessProgram& process = program.process;
  if (process.apparmor_profile != nullptr) {
    const long err = write_apparmor(program, process.apparmor_profile);
    if (err < 0) {
      return {static_cast<int>(-err), process.apparmor_profile};
    }
  }
  if (process.exec_label != nullptr) {
    const long err = write_attribute(program,
                                     "thread-self/attr/exec",
                                     process.exec_label,
                                     text_length(process.exec_label),
                                     process.exec_label);
    if (err < 0) {
      return {static_cast<int>(-err), process.exec_label};
    }
  }
  return kOk;
}

StepStatus set_no_new_privileges(const InitProgram& program, Context& context) {
  (void)context;
  const long err = program.process.no_new_privileges == 0 ? 0 : sys::prctl(PR_SET_NO_NEW_PRIVS, 1);
  return err < 0 ? StepStatus{static_cast<int>(-err), "no_new_privs"} : kOk;
}

StepStatus seccomp_early(const InitProgram& program, Context& context) {
  return program.process.no_new_privileges == 0 ? load_filters(program.process, context) : kOk;
}

StepStatus seccomp_late(const InitProgram& program, Context& context) {
  return program.process.no_new_privileges != 0 ? load_filters(program.process, context) : kOk;
}

StepStatus set_identity(const InitProgram& program, Context& context) {
  (void)context;
  const ProcessProgram& process = program.process;
  long err = drop_bounding(process.capabilities);
  if (err < 0) {
    return {static_cast<int>(-err), "bounding set"};
  }
  sys::prctl(PR_SET_KEEPCAPS, 1);
  sys::call(SYS_umask, process.umask);
  if (process.set_groups != 0) {
    err = sys::call(SYS_setgroups, process.groups.size, sys::arg(process.groups.data));
    if (err < 0) {
      return {static_cast<int>(-err), "additionalGids"};
    }
  }
  err = sys::call(SYS_setresgid, process.gid, process.gid, process.gid);
  if (err < 0) {
    return {static_cast<int>(-err), "gid"};
  }
  err = sys::call(SYS_setresuid, process.uid, process.uid, process.uid);
  if (err < 0) {
    return {static_cast<int>(-err), "uid"};
  }
  // setuid made us dumpable again.
  sys::prctl(PR_SET_DUMPABLE, 0);
  sys::prctl(PR_SET_KEEPCAPS, 0);
  return kOk;
}

StepStatus set_capabilities(const InitProgram& program, Context& context) {
  const CapabilityMasks& masks = program.process.capabilities;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  for (int half = 0; half < 2; ++half) {
    data[half].effective = static_cast<uint32_t>(masks.effective >> (32 * half));
    data[half].permitted = static_cast<uint32_t>(masks.permitted >> (32 * half));
    data[half].inheritable = static_cast<uint32_t>(masks.inheritable >> (32 * half));
  }
  const long err = sys::call(SYS_capset, sys::arg(&header), sys::arg(data));
  if (err < 0) {
    return {static_cast<int>(-err), "capset"};
  }
  sys::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  uint64_t refused = 0;
  int err_of_ambient = 0;
  for (uint32_t cap = 0; cap <= masks.last_capability; ++cap) {
    if ((masks.ambient >> cap & 1) == 0) {
      continue;
    }
    const long raised = sys::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap);
    if (raised < 0) {
      refused |= uint64_t{1} << cap;
      err_of_ambient = static_cast<int>(-raised);
    }
  }
  if (refused != 0) {
    // As runc: the container starts without them, and the parent says so.
    send_message(context,
                 SyncWord::kAmbientRefused,
                 InitStep::kCapabilities,
                 err_of_ambient,
                 0,
                 FixedText<24>().add_number(static_cast<int64_t>(refused)).data);
  }
  return kOk;
}

}  // namespace redoubt::init
