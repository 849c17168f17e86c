// The resources object: config-linux.md, "Control groups". Also the whole document of `update
// --resources`.
#include <utility>

#include "oci/spec_decode.h"

namespace redoubt::oci {
void decode(const Cursor& at, DeviceCgroup& out) {
  Fields(at)
      .read("allow", out.allow)
      .read("type", out.type)
      .read("major", out.major)
      .read("minor", out.minor)
      .read("access", out.access);
}

void decode(const Cursor& at, Memory& out) {
  Fields(at)
      .read("limit", out.limit)
      .read("reservation", out.reservation)
      .read("swap", out.swap)
      .read("kernel", out.kernel)
      .read("kernelTCP", out.kernel_tcp)
      .read("swappiness", out.swappiness)
      .read("disableOOMKiller", out.disable_oom_killer)
      .read("useHierarchy", out.use_hierarchy)
      .read("checkBeforeUpdate", out.check_before_update);
}

void decode(const Cursor& at, Cpu& out) {
  Fields(at)
      .read("shares", out.shares)
      .read("quota", out.quota)
      .read("burst", out.burst)
      .read("period", out.period)
      .read("realtimeRuntime", out.realtime_runtime)
      .read("realtimePeriod", out.realtime_period)
      .read("cpus", out.cpus)
      .read("mems", out.mems)
      .read("idle", out.idle);
}

void decode(const Cursor& at, WeightDevice& out) {
  Fields(at)
      .read("major", out.major)
      .read("minor", out.minor)
      .read("weight", out.weight)
      .read("leafWeight", out.leaf_weight);
}

void decode(const Cursor& at, ThrottleDevice& out) {
  Fields(at).read("major", out.major).read("minor", out.minor).read("rate", out.rate);
}

void decode(const Cursor& at, BlockIo& out) {
  Fields(at)
      .read("weight", out.weight)
      .read("leafWeight", out.leaf_weight)
      .read("weightDevice", out.weight_device)
      .read("throttleReadBpsDevice", out.read_bps)
      .read("throttleWriteBpsDevice", out.write_bps)
      .read("throttleReadIOPSDevice", out.read_iops)
      .read("throttleWriteIOPSDevice", out.write_iops);
}

void decode(const Cursor& at, HugepageLimit& out) {
  Fields(at).read("pageSize", out.page_size).read("limit", out.limit);
}

void decode(const Cursor& at, RdmaLimit& out) {
  Fields(at).read("hcaHandles", out.hca_handles).read("hcaObjects", out.hca_objects);
}

void decode(const Cursor& at, InterfacePriority& out) {
  Fields(at).read("name", out.name).read("priority", out.priority);
}

void decode(const Cursor& at, NetworkResources& out) {
  Fields(at).read("classID", out.class_id).read("priorities", out.priorities);
}

namespace {

// pids is an object with one field, which Spec keeps alone.
struct Pids {
  std::optional<int64_t>& limit;
};

void decode(const Cursor& at, Pids& out) {
  Fields(at).read("limit", out.limit);
}

}  // namespace

// A map whose order is kept: the kernel files are written in the order of the document.
void decode(const Cursor& at, std::vector<std::pair<std::string, std::string>>& out) {
  if (!at.enters_object()) {
    return;
  }
  for (const json::Member& member : at.value.as_object()) {
    out.emplace_back(member.key, std::string());
    decode(Cursor{member.value, Path::entry(at.path, member.key), at.errors}, out.back().second);
  }
}

void decode(const Cursor& at, Resources& out) {
  Pids pids{out.pids_limit};
  Fields fields(at);
  fields.read("devices", out.devices)
      .read("memory", out.memory)
      .read("cpu", out.cpu)
      .read("pids", pids)
      .read("blockIO", out.block_io)
      .read("hugepageLimits", out.hugepage_limits)
      .read("network", out.network)
      .read("rdma", out.rdma)
      .read("unified", out.unified);
}

}  // namespace redoubt::oci
