#include "escalate-vm/monitor/system_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include <cstddef>

namespace redoubt::vm {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

constexpr uint32_t kFamilies[] = {AF_NETLINK};
constexpr uint32_t kIoctls[] = {TCGETS, TCSETS, TIOCGWINSZ};

constexpr AllowedCall kCalls[] = {
    // --- the loop ---
    {SYS_accept4, "connections of exec"},
    {SYS_clock_gettime, "time limits, where the vDSO does not answer"},
    {SYS_close, "ends of flows"},
    {SYS_exit, "the end"},
    {SYS_exit_group, "the end"},
    {SYS_fcntl, "descriptors above 2, their flags"},
    {SYS_fstat, "what a descriptor of stdio is"},
    {SYS_getpid, "abort of the C library"},
    {SYS_getrandom, "entropy for the guest"},
    {SYS_gettid, "abort of the C library"},
    {SYS_ioctl, "size and modes of a terminal; no TIOCSTI", 1, 0, kIoctls},
    {SYS_lseek, "the task of exec, a file in memory"},
    {SYS_memfd_create, "what the guest answers to a verb of the host"},
    {SYS_newfstatat, "fstat of the C library"},
    {SYS_openat, "pipes and terminals once more, non-blocking; the reason of the end"},
#ifdef SYS_poll
    {SYS_poll, "the loop"},
#endif
    {SYS_ppoll, "the loop"},
    {SYS_read, "the guest, stdio, signals"},
    {SYS_recvmsg, "packets of exec, answers of the kernel about interfaces"},
    {SYS_restart_syscall, "poll after the process was stopped"},
    {SYS_rt_sigaction, "abort of the C library"},
    {SYS_rt_sigprocmask, "abort of the C library"},
    {SYS_sendmsg, "packets of exec"},
    {SYS_sendto, "the runtime's channel, questions about interfaces"},
    {SYS_tgkill, "abort of the C library"},
    {SYS_wait4, "the ends of VMM and virtiofsd"},
    {SYS_write, "the guest, stdio"},
    {SYS_writev, "messages of the C library"},
    // --- memory ---
    {SYS_brk, "allocation"},
    {SYS_futex, "locks of the C library"},
    {SYS_madvise, "allocation"},
    {SYS_mmap, "allocation; nothing becomes code", 2, PROT_EXEC},
    {SYS_mprotect, "allocation; nothing becomes code", 2, PROT_EXEC},
    {SYS_mremap, "allocation"},
    {SYS_munmap, "allocation"},
    // --- until the container is started ---
    {SYS_capget, "giving up CAP_NET_ADMIN"},
    {SYS_capset, "giving up CAP_NET_ADMIN"},
    {SYS_setsockopt, "the netlink socket's time limit"},
    {SYS_socket, "netlink alone", 0, 0, kFamilies},
};

constexpr uint32_t kNamespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                                 CLONE_NEWUTS | CLONE_NEWCGROUP;

constexpr RefusedCall kRefused[] = {
    {SYS_acct, "the host's administration"},
    {SYS_add_key, "keys of the host"},
    {SYS_bpf, "programs for the kernel"},
    {SYS_clone, "capabilities in a new user namespace", kNamespaces},
    {SYS_clone3, "its flags are in memory; the C library goes on with clone", 0, ENOSYS},
    {SYS_delete_module, "code for the kernel"},
    {SYS_finit_module, "code for the kernel"},
    {SYS_fsconfig, "mounts"},
    {SYS_fsmount, "mounts"},
    {SYS_fsopen, "mounts"},
    {SYS_fspick, "mounts"},
    {SYS_init_module, "code for the kernel"},
    {SYS_io_uring_enter, "calls past this filter"},
    {SYS_io_uring_register, "calls past this filter"},
    {SYS_io_uring_setup, "calls past this filter", 0, ENOSYS},
    {SYS_kexec_load, "another kernel"},
    {SYS_keyctl, "keys of the host"},
    {SYS_mount, "mounts"},
    {SYS_mount_setattr, "mounts"},
    {SYS_move_mount, "mounts"},
    {SYS_open_by_handle_at, "files by number, past every directory"},
    {SYS_open_tree, "mounts"},
    {SYS_perf_event_open, "a large part of the kernel"},
    {SYS_pidfd_getfd, "descriptors of other processes"},
    {SYS_pivot_root, "mounts"},
    {SYS_process_vm_readv, "memory of other processes"},
    {SYS_process_vm_writev, "memory of other processes"},
    {SYS_ptrace, "memory of other processes"},
    {SYS_quotactl, "the host's administration"},
    {SYS_reboot, "the host's administration"},
    {SYS_request_key, "keys of the host"},
    {SYS_setns, "namespaces of others"},
    {SYS_swapoff, "the host's administration"},
    {SYS_swapon, "the host's administration"},
    {SYS_syslog, "the kernel's log"},
    {SYS_umount2, "mounts"},
    {SYS_unshare, "capabilities in a new user namespace", kNamespaces},
    {SYS_userfaultfd, "races in the kernel made certain", 0, ENOSYS},
};

// Jumps are relative and reach no further than the end of a rule, where the next one begins.
constexpr sock_filter statement(uint16_t code, uint32_t value) {
  return {code, 0, 0, value};
}
constexpr sock_filter jump(uint16_t code, uint32_t value, uint8_t yes, uint8_t no) {
  return {code, yes, no, value};
}
constexpr uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr uint16_t kEqual = BPF_JMP | BPF_JEQ | BPF_K;
constexpr uint16_t kAnyBit = BPF_JMP | BPF_JSET | BPF_K;
constexpr uint16_t kReturn = BPF_RET | BPF_K;

void append_rule(const AllowedCall& call, std::vector<sock_filter>& out) {
  std::vector<sock_filter> body;
  if (call.argument >= 0) {
    body.push_back(statement(kLoad, static_cast<uint32_t>(offsetof(seccomp_data, args) +
                                                          static_cast<size_t>(call.argument) * sizeof(uint64_t))));
    if (call.forbidden_bits != 0) {
      body.push_back(jump(kAnyBit, call.forbidden_bits, 1, 0));
    }
    for (size_t left = call.values.size(); left > 0; --left) {
      const auto to_allowed = static_cast<uint8_t>(left);
      body.push_back(jump(kEqual, call.values[call.values.size() - left], to_allowed, 0));
    }
    if (!call.values.empty()) {
      body.push_back(statement(kReturn, SECCOMP_RET_ERRNO | EPERM));
    }
  }
  body.push_back(statement(kReturn, SECCOMP_RET_ALLOW));
  if (call.forbidden_bits != 0) {
    body.push_back(statement(kReturn, SECCOMP_RET_ERRNO | EPERM));
  }
  out.push_back(jump(kEqual, static_cast<uint32_t>(call.number), 0, static_cast<uint8_t>(body.size())));
  out.insert(out.end(), body.begin(), body.end());
}

// Numbers of the x32 ABI count as other system calls.
constexpr uint32_t kX32 = 0x40000000;

std::vector<sock_filter> head() {
  return {
      statement(kLoad, offsetof(seccomp_data, arch)),
      jump(kEqual, kArchitecture, 1, 0),
      statement(kReturn, SECCOMP_RET_KILL_PROCESS),
      statement(kLoad, offsetof(seccomp_data, nr)),
      jump(BPF_JMP | BPF_JGE | BPF_K, kX32, 0, 1),
      statement(kReturn, SECCOMP_RET_ERRNO | EPERM),
  };
}

void append_rule(const RefusedCall& call, std::vector<sock_filter>& out) {
  const auto error = static_cast<uint32_t>(call.error == 0 ? EPERM : call.error);
  if (call.bits == 0) {
    out.push_back(jump(kEqual, static_cast<uint32_t>(call.number), 0, 1));
  } else {
    out.push_back(jump(kEqual, static_cast<uint32_t>(call.number), 0, 4));
    out.push_back(statement(kLoad, offsetof(seccomp_data, args)));
    out.push_back(jump(kAnyBit, call.bits, 1, 0));
    out.push_back(statement(kReturn, SECCOMP_RET_ALLOW));
  }
  out.push_back(statement(kReturn, SECCOMP_RET_ERRNO | error));
}

Status load(std::vector<sock_filter> filter) {
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0
             ? Status()
             : Status(Error::system(errno, "seccomp"));
}

}  // namespace

std::span<const AllowedCall> allowed_calls() {
  return kCalls;
}

std::span<const RefusedCall> refused_calls() {
  return kRefused;
}

std::vector<sock_filter> monitor_filter() {
  std::vector<sock_filter> filter = head();
  for (const AllowedCall& call : kCalls) {
    append_rule(call, filter);
  }
  filter.push_back(statement(kReturn, SECCOMP_RET_ERRNO | EPERM));
  return filter;
}

std::vector<sock_filter> child_filter() {
  std::vector<sock_filter> filter = head();
  for (const RefusedCall& call : kRefused) {
    append_rule(call, filter);
  }
  filter.push_back(statement(kReturn, SECCOMP_RET_ALLOW));
  return filter;
}

Status restrict_monitor() {
  return load(monitor_filter());
}

Status restrict_child() {
  return load(child_filter());
}

}  // namespace redoubt::vm
