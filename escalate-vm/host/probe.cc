#include "escalate-vm/host/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <span>

#include "base/str.h"
#include "base/trusted_path.h"
#include "base/unique_fd.h"
#include "sandbox/pidfd.h"

namespace redoubt::vm {
namespace {

constexpr int kApiVersion = 12;  // KVM_GET_API_VERSION since Linux 2.6.22
constexpr int kTimeoutMs = 1000;
constexpr size_t kPage = 4096;

// What the child answers with, as its exit status.
enum Outcome : int { kRan = 0, kNoOpen, kOldVersion, kNoMachine, kNoRun };

int outcome_of_guest(int kvm) {
  const int machine = ::ioctl(kvm, KVM_CREATE_VM, 0);
  void* memory = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (machine < 0 || memory == MAP_FAILED) {
    return kNoMachine;
  }
  // mov al, 42; out 0x10, al
  const unsigned char code[] = {0xb0, 0x2a, 0xe6, 0x10};
  ::memcpy(memory, code, sizeof code);
  kvm_userspace_memory_region region{};
  region.guest_phys_addr = kPage;
  region.memory_size = kPage;
  region.userspace_addr = reinterpret_cast<uint64_t>(memory);
  const int vcpu = ::ioctl(machine, KVM_SET_USER_MEMORY_REGION, &region) == 0
                       ? ::ioctl(machine, KVM_CREATE_VCPU, 0)
                       : -1;
  const int size = ::ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
  void* shared = vcpu < 0 || size <= 0
                     ? MAP_FAILED
                     : ::mmap(nullptr, static_cast<size_t>(size), PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
  kvm_sregs system{};
  if (shared == MAP_FAILED || ::ioctl(vcpu, KVM_GET_SREGS, &system) != 0) {
    return kNoMachine;
  }
  system.cs.base = 0;
  system.cs.selector = 0;
  kvm_regs registers{};
  registers.rip = kPage;
  registers.rflags = 2;
  if (::ioctl(vcpu, KVM_SET_SREGS, &system) != 0 || ::ioctl(vcpu, KVM_SET_REGS, &registers) != 0) {
    return kNoMachine;
  }
  const auto* run = static_cast<const kvm_run*>(shared);
  const bool ran = ::ioctl(vcpu, KVM_RUN, 0) == 0 && run->exit_reason == KVM_EXIT_IO &&
                   run->io.port == 0x10 && run->io.direction == KVM_EXIT_IO_OUT;
  return ran ? kRan : kNoRun;
}

[[noreturn]] void run_child() {
  const int kvm = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
  if (kvm < 0) {
    ::_exit(kNoOpen);
  }
  ::_exit(::ioctl(kvm, KVM_GET_API_VERSION, 0) == kApiVersion ? outcome_of_guest(kvm) : kOldVersion);
}

std::string lack_of(int status) {
  if (!WIFEXITED(status)) {
    return "/dev/kvm did not run a guest within a second";
  }
  switch (WEXITSTATUS(status)) {
    case kRan:
      return "";
    case kNoOpen:
      return "/dev/kvm cannot be opened (load the module kvm_intel or kvm_amd; in a virtual machine, "
             "switch nested virtualisation on)";
    case kOldVersion:
      return "/dev/kvm has another version than 12";
    case kNoMachine:
      return "/dev/kvm makes no virtual machine";
    default:
      return "/dev/kvm did not run a guest's first instructions";
  }
}

struct NamedFile {
  std::string path;
  const char* field;
};

std::string missing_file(const NamedFile& file, int access) {
  return ::access(file.path.c_str(), access) == 0
             ? ""
             : concat(file.path, ": ", errno_text(errno), " (", file.field, " of the node's policy)");
}

// What is executed or booted must be what the administrator put there.
std::string untrusted_file(std::span<const NamedFile> files) {
  TrustedPaths paths;
  for (const NamedFile& file : files) {
    const Result<std::string> real = paths.resolve(file.path);
    if (!real && real.error().err() != ENOENT) {
      return concat(real.error().message(), " (", file.field, " of the node's policy)");
    }
  }
  return "";
}

}  // namespace

std::string kvm_lack() {
  // It emulates what it cannot run, and no stock kernel gets through its start-up.
  if (::access("/sys/module/kvm_pvm", F_OK) == 0) {
    return "/dev/kvm is kvm_pvm, on which the guest's kernel does not come up (run on a host with "
           "VT-x or AMD-V, or with nested virtualisation)";
  }
  const pid_t child = ::fork();
  if (child < 0) {
    return concat("fork: ", errno_text(errno));
  }
  if (child == 0) {
    run_child();
  }
  const Result<sandbox::Pidfd> pidfd = sandbox::Pidfd::open(child);
  const Result<bool> exited = pidfd ? pidfd->wait_exit(kTimeoutMs) : Result<bool>(pidfd.error());
  if (!exited || !*exited) {
    ::kill(child, SIGKILL);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return lack_of(status);
}

std::string machine_lack(const plan::Machine& machine) {
  const NamedFile files[] = {{machine.monitor, "vm.monitor"},
                             {machine.vmm, "vm.vmm"},
                             {machine.virtiofsd, "vm.virtiofsd"},
                             {machine.image + "/vmlinux", "vm.image"},
                             {machine.image + "/initrd", "vm.image"},
                             {machine.image + "/image.json", "vm.image"}};  // verify_image() misses it
  constexpr size_t kPrograms = 3;
  constexpr size_t kNeeded = 5;
  for (size_t i = 0; i < kNeeded; ++i) {
    if (const std::string lack = missing_file(files[i], i < kPrograms ? X_OK : R_OK); !lack.empty()) {
      return i < kPrograms ? lack : concat(lack, "; redoubt-build-image makes one");
    }
  }
  if (std::string lack = untrusted_file(files); !lack.empty()) {
    return lack;
  }
  return machine.emulated ? "" : kvm_lack();
}

}  // namespace redoubt::vm
