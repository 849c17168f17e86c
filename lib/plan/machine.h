// plan::Machine: the virtual machine that a container is to run in, when policy demands one. Filled
// by policy/escalate.cc; what is made of it is escalate-vm's.
#ifndef REDOUBT_PLAN_MACHINE_H_
#define REDOUBT_PLAN_MACHINE_H_

#include <cstdint>
#include <string>

namespace redoubt::plan {

struct Machine {
  bool emulated = false;  // vm.accelerator "tcg": QEMU's interpreter, a test aid
  std::string image;      // directory of vmlinux, initrd and image.json
  std::string monitor;    // redoubt-vm
  std::string vmm;        // qemu-system-x86_64
  std::string virtiofsd;
  uint64_t memory = 0;    // of the guest, bytes, a multiple of 1 MiB
  uint32_t vcpus = 1;
};

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_MACHINE_H_
