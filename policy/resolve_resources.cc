// linux.resources as writes to cgroup v2 files, in the order that works for a cgroup in use: fewer
// processes and less swap before less memory, `unified` last because it has the last word. The
// numbers of config.json are those of cgroup v1; the conversions are in cgroup_units.h. See
// Documentation/admin-guide/cgroup-v2.rst.
#include "base/str.h"
#include "policy/cgroup_units.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

using Writes = std::vector<plan::CgroupWrite>;

constexpr uint64_t kDefaultCpuPeriod = 100000;  // us, of the kernel

void add(Writes& writes, std::string file, std::string value, std::string field) {
  writes.push_back({std::move(file), std::move(value), std::move(field)});
}

void add_pids(const oci::Resources& resources, Writes& writes) {
  if (!resources.pids_limit) {
    return;
  }
  // 0 would forbid even the first process; systemd and runc make it 1.
  const int64_t limit = *resources.pids_limit;
  add(writes,
      "pids.max",
      limit < 0 ? "max" : concat(limit == 0 ? 1 : limit),
      "linux.resources.pids.limit");
}

// 0 means "not set" in every memory field, -1 "no limit".
Status add_memory_file(const char* file,
                       const std::optional<int64_t>& value,
                       const char* field,
                       Writes& writes) {
  const int64_t limit = value.value_or(0);
  if (limit < -1) {
    return Error::invalid(concat(field, ": ", limit, "; -1 means no limit"));
  }
  if (limit != 0) {
    add(writes, file, limit == -1 ? "max" : concat(limit), field);
  }
  return {};
}

Status add_swap(const oci::Memory& memory, Writes& writes) {
  const int64_t swap = memory.swap.value_or(0);
  TRY_ASSIGN(const int64_t limit,
             swap_from_memory_and_swap(swap, memory.limit.value_or(0))
                 .context("linux.resources.memory.swap"));
  if (limit == 0 && swap <= 0) {
    return {};
  }
  add(writes,
      "memory.swap.max",
      limit == -1 ? "max" : concat(limit),
      memory.swap ? "linux.resources.memory.swap" : "linux.resources.memory.limit");
  // A kernel without swap accounting has no swap to limit or to give.
  writes.back().skip_if_missing = limit <= 0;
  return {};
}

Status add_memory(const oci::Memory& memory, Writes& writes) {
  TRY(add_swap(memory, writes));
  TRY(add_memory_file("memory.max", memory.limit, "linux.resources.memory.limit", writes));
  return add_memory_file(
      "memory.low", memory.reservation, "linux.resources.memory.reservation", writes);
}

void add_io_weights(const oci::BlockIo& io, Writes& writes) {
  if (io.weight.value_or(0) != 0) {
    add(writes,
        "io.weight",
        concat(io_weight_from_blkio(*io.weight)),
        "linux.resources.blockIO.weight");
    writes.back().preferred_file = "io.bfq.weight";
    writes.back().preferred_value = concat(*io.weight);
  }
  for (size_t i = 0; i < io.weight_device.size(); ++i) {
    const oci::WeightDevice& device = io.weight_device[i];
    if (device.weight) {
      add(writes,
          "io.bfq.weight",
          concat(device.major, ":", device.minor, " ", *device.weight),
          indexed("linux.resources.blockIO.weightDevice", i));
      writes.back().skip_if_missing = true;  // as runc: only BFQ knows weights of one device
    }
  }
}

void add_throttle(const std::vector<oci::ThrottleDevice>& devices,
                  const char* key,
                  const char* field,
                  Writes& writes) {
  for (size_t i = 0; i < devices.size(); ++i) {
    const oci::ThrottleDevice& device = devices[i];
    // A rate of 0 takes a limit away; io.max has the word "max" for that.
    add(writes,
        "io.max",
        concat(device.major,
               ":",
               device.minor,
               " ",
               key,
               "=",
               device.rate == 0 ? std::string("max") : concat(device.rate)),
        indexed(field, i));
  }
}

void add_block_io(const oci::BlockIo& io, Writes& writes) {
  add_io_weights(io, writes);
  add_throttle(io.read_bps, "rbps", "linux.resources.blockIO.throttleReadBpsDevice", writes);
  add_throttle(io.write_bps, "wbps", "linux.resources.blockIO.throttleWriteBpsDevice", writes);
  add_throttle(io.read_iops, "riops", "linux.resources.blockIO.throttleReadIOPSDevice", writes);
  add_throttle(io.write_iops, "wiops", "linux.resources.blockIO.throttleWriteIOPSDevice", writes);
}

void add_cpu_max(const oci::Cpu& cpu, Writes& writes) {
  const int64_t quota = cpu.quota.value_or(0);
  const uint64_t period = cpu.period.value_or(0);
  if (quota != 0 || period != 0) {
    add(writes,
        "cpu.max",
        concat(quota > 0 ? concat(quota) : std::string("max"),
               " ",
               period != 0 ? period : kDefaultCpuPeriod),
        quota != 0 ? "linux.resources.cpu.quota" : "linux.resources.cpu.period");
  }
  if (cpu.burst) {
    add(writes, "cpu.max.burst", concat(*cpu.burst), "linux.resources.cpu.burst");
  }
}

void add_cpu(const oci::Cpu& cpu, Writes& writes) {
  if (cpu.idle) {
    add(writes, "cpu.idle", concat(*cpu.idle), "linux.resources.cpu.idle");
  }
  if (cpu.shares.value_or(0) != 0) {
    add(writes,
        "cpu.weight",
        concat(cpu_weight_from_shares(*cpu.shares)),
        "linux.resources.cpu.shares");
  }
  add_cpu_max(cpu, writes);
}

void add_cpuset(const oci::Cpu& cpu, Writes& writes) {
  if (cpu.cpus && !cpu.cpus->empty()) {
    add(writes, "cpuset.cpus", *cpu.cpus, "linux.resources.cpu.cpus");
  }
  if (cpu.mems && !cpu.mems->empty()) {
    add(writes, "cpuset.mems", *cpu.mems, "linux.resources.cpu.mems");
  }
}

// "2MB", "1GB": part of a file name.
Status add_huge_pages(const oci::Resources& resources, Writes& writes) {
  for (size_t i = 0; i < resources.hugepage_limits.size(); ++i) {
    const oci::HugepageLimit& limit = resources.hugepage_limits[i];
    const std::string field = indexed("linux.resources.hugepageLimits", i);
    if (!is_huge_page_size(limit.page_size)) {
      return Error::invalid(
          concat(field, ".pageSize ", quote(limit.page_size), ": must be like \"2MB\""));
    }
    const std::string prefix = concat("hugetlb.", limit.page_size);
    add(writes, prefix + ".max", concat(limit.limit), field);
    add(writes, prefix + ".rsvd.max", concat(limit.limit), field);
    writes.back().skip_if_missing = true;  // before Linux 5.7 only faults are counted
  }
  return {};
}

Status add_rdma(const oci::Resources& resources, Writes& writes) {
  for (const auto& [device, limit] : resources.rdma) {
    const std::string field = concat("linux.resources.rdma[", quote(device), "]");
    if (device.empty() || device.find_first_of(" \t\n") != std::string::npos) {
      return Error::invalid(concat(field, ": not a device name"));
    }
    std::string value = device;
    if (limit.hca_handles) {
      value += concat(" hca_handle=", *limit.hca_handles);
    }
    if (limit.hca_objects) {
      value += concat(" hca_object=", *limit.hca_objects);
    }
    if (value != device) {
      add(writes, "rdma.max", std::move(value), field);
    }
  }
  return {};
}

// One write a line: the kernel takes one device or setting at a time.
Status add_unified(const oci::Resources& resources, Writes& writes) {
  for (const auto& [file, value] : resources.unified) {
    const std::string field = concat("linux.resources.unified[", quote(file), "]");
    if (file.find('/') != std::string::npos) {
      return Error::invalid(
          concat("unified resource ", quote(file), " must be a file name (no slashes)"));
    }
    if (file.find('.') == std::string::npos || file.front() == '.') {
      return Error::invalid(concat("unified resource ", quote(file), ": not a cgroup file name"));
    }
    for (std::string& line : split(value, '\n')) {
      if (!line.empty()) {
        add(writes, file, std::move(line), field);
      }
    }
  }
  return {};
}

}  // namespace

Result<std::vector<plan::CgroupWrite>> resolve_resources(const oci::Resources& resources) {
  Writes writes;
  add_pids(resources, writes);
  if (resources.memory) {
    TRY(add_memory(*resources.memory, writes));
  }
  if (resources.block_io) {
    add_block_io(*resources.block_io, writes);
  }
  if (resources.cpu) {
    add_cpu(*resources.cpu, writes);
    add_cpuset(*resources.cpu, writes);
  }
  TRY(add_huge_pages(resources, writes));
  TRY(add_rdma(resources, writes));
  TRY(add_unified(resources, writes));
  return writes;
}

}  // namespace redoubt::policy
