// plan::Machine: the virtual machine that a container is to run in, when policy demands one. Filled
// by policy/escalate.cc; what is made of it is escalate-vm's.
#ifndef REDOUBT_PLAN_MACHINE_H_
#define REDOUBT_PLAN_MACHINE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace redoubt::plan {

struct Machine {
  bool emulated = false;  // vm.accelerator "tcg": QEMU's interpreter, a test aid
  std::string image;      // directory of vmlinux, initrd and image.json
  std::string monitor;    // redoubt-vm
  std::string vmm;        // qemu-system-x86_64
  std::string virtiofsd;
  std::string sandbox;    // the container whose machine it is; empty: one of its own
  uint64_t memory = 0;    // of the guest, bytes, a multiple of 1 MiB
  uint32_t vcpus = 1;
};

// What the host has for a container that its annotations put into a pod.
struct PodSandbox {
  std::string id;
  bool is_machine = false;
  std::vector<std::string> namespaces;  // paths in config.json that are the sandbox's own namespaces
};

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_MACHINE_H_
