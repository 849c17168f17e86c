// The limits of cgroup v1 that v2 has no counterpart for. They are ignored as runc does, but never
// in silence.
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

void note_memory(const oci::Memory& memory, std::vector<std::string>& notes) {
  if (memory.kernel || memory.kernel_tcp) {
    notes.emplace_back("Kernel memory settings are ignored and will be removed");
  }
  if (memory.swappiness) {
    notes.emplace_back(
        "linux.resources.memory.swappiness is ignored: cgroup v2 has no such setting");
  }
  if (memory.disable_oom_killer.value_or(false)) {
    notes.emplace_back(
        "linux.resources.memory.disableOOMKiller is ignored: cgroup v2 has no such setting");
  }
}

void note_cpu(const oci::Cpu& cpu, std::vector<std::string>& notes) {
  if (cpu.realtime_runtime.value_or(0) != 0 || cpu.realtime_period.value_or(0) != 0) {
    notes.emplace_back(
        "linux.resources.cpu.realtimeRuntime and realtimePeriod are ignored: cgroup v2 has no such "
        "setting");
  }
}

void note_block_io(const oci::BlockIo& io, std::vector<std::string>& notes) {
  bool leaf_weight = io.leaf_weight.value_or(0) != 0;
  for (const oci::WeightDevice& device : io.weight_device) {
    leaf_weight = leaf_weight || device.leaf_weight.value_or(0) != 0;
  }
  if (leaf_weight) {
    notes.emplace_back(
        "linux.resources.blockIO leaf weights are ignored: cgroup v2 has no such setting");
  }
}

}  // namespace

std::vector<std::string> ignored_resources(const oci::Resources& resources) {
  std::vector<std::string> notes;
  if (resources.memory) {
    note_memory(*resources.memory, notes);
  }
  if (resources.cpu) {
    note_cpu(*resources.cpu, notes);
  }
  if (resources.block_io) {
    note_block_io(*resources.block_io, notes);
  }
  if (resources.network &&
      (resources.network->class_id.value_or(0) != 0 || !resources.network->priorities.empty())) {
    notes.emplace_back(
        "linux.resources.network is ignored: cgroup v2 has no net_cls and net_prio controllers");
  }
  return notes;
}

}  // namespace redoubt::policy
