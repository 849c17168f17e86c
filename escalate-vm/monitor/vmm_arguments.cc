#include "base/str.h"
#include "escalate-vm/host/machine_layout.h"
#include "escalate-vm/monitor/vmm.h"
#include "escalate-vm/protocol/message.h"

namespace redoubt::vm {
namespace {

// What a start does not need: the tests that the kernel makes of its own cryptography (seven tenths of all that Debian's does before
// /init), and what only a reader of its traces is served by, the names of enumerations in the formats of events and a search
// of all functions for those that no longer count. A kernel ignores a name that it has not.
constexpr const char* kLeftOut =
    "cryptomgr.notests initcall_blacklist=trace_eval_init,ftrace_check_for_weak_functions";

}  // namespace

std::string kernel_arguments(const MachineTask& task, const std::string& nonce, uint64_t tsc_khz) {
  std::string text = concat("console=ttyS0 quiet reboot=t panic=-1 ", kLeftOut, " redoubt.nonce=", nonce);
  if (task.emulated) {
    // An interpreter on a busy host is too unsteady for the kernel to measure its clock by, or to keep
    // trusting it: the other clock, jiffies, then loses half of all time. It speculates on nothing, and
    // page table isolation makes its system calls ten times slower. And it keeps what it has translated of
    // a page until the guest writes there: pages that virtiofsd fills, from outside, must be written to
    // (zeroed) by the guest before, or old code is run in their place.
    text += concat(" tsc_early_khz=", tsc_khz,
                   " lpj=4000000 no_timer_check nokaslr tsc=reliable mitigations=off init_on_alloc=1");
  }
  return text;
}

std::vector<std::string> qemu_arguments(const MachineTask& task,
                                        const VmmDescriptors& fds,
                                        const std::vector<Card>& cards,
                                        const std::string& kernel_arguments) {
  const std::string size = concat(task.memory >> 20, "M");
  std::vector<std::string> args = {
      kVmmPath,
      "-machine", "microvm,pcie=on,acpi=on,rtc=on,isa-serial=on,memory-backend=memory",
      // Not SeaBIOS, whose ACPI tables lie at the end of memory, where QEMU puts the initrd.
      "-bios", "qboot.rom",
      // Nehalem is interpreted three times faster than newer models. It has no RDRAND of its own, without which
      // a kernel seeds its generator late, and until then each number costs a hash.
      "-accel", task.emulated ? "tcg,thread=multi" : "kvm",
      "-cpu", task.emulated ? "Nehalem-v1,+rdrand" : "host",
      "-smp", concat(task.vcpus),
      "-m", size,
      "-object", concat("memory-backend-memfd,id=memory,size=", size, ",share=on"),
      "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio",
      "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
      "-kernel", kKernelPath,
      "-initrd", kInitrdPath,
      "-append", kernel_arguments,
      "-chardev", concat("socket,id=files,fd=", fds.files),
      "-device", concat("vhost-user-fs-pci,chardev=files,tag=", kShareTag),
      "-chardev", concat("socket,id=control,fd=", fds.control),
      // Port 0 is a console's, ours is 1. Each costs a guest two queues, ten exits each, and 31 are usual.
      "-device", "virtio-serial-pci,max_ports=2",
      "-device", concat("virtserialport,chardev=control,name=", kPortName),
      // What the guest has freed goes back to the host while it runs. The host never asks for memory.
      "-device", "virtio-balloon-pci,free-page-reporting=on",
  };
  size_t number = 0;
  for (const Card& card : cards) {
    const std::string id = concat("card", number++);
    args.insert(args.end(),
                {"-netdev", concat("tap,id=", id, ",fd=", card.tap_fd),
                 // No ROM: nothing starts from the network.
                 "-device", concat("virtio-net-pci,netdev=", id, ",mac=", card.mac, ",romfile=")});
  }
  return args;
}

std::vector<std::string> virtiofsd_arguments(int listen_fd, std::string_view version) {
  std::vector<std::string> args = {
          kVirtiofsdPath,
          concat("--fd=", listen_fd),
          "-f",
          "-o", concat("source=", kSharePath),
          "-o", "sandbox=chroot",
          "-o", "cache=auto",
          "-o", "xattr",
          "--thread-pool-size=2",
          "--rlimit-nofile=0"};
  // Mounts that the guest is told of are no ground for an overlay. QEMU's tells only when asked to.
  if (!version.starts_with("virtiofsd version ")) {
    args.emplace_back("--no-announce-submounts");
  }
  return args;
}

}  // namespace redoubt::vm
