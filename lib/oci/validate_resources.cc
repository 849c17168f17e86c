// Resources: config-linux.md, "Control groups". What only the kernel can judge (a limit below the
// usage) is left to it.
#include <algorithm>

#include "oci/validate_parts.h"

namespace redoubt::oci {
namespace {

constexpr uint16_t kMinWeight = 10;
constexpr uint16_t kMaxWeight = 1000;
constexpr uint64_t kMaxSwappiness = 100;
constexpr uint64_t kMinPeriod = 1000;     // us, Documentation/scheduler/sched-bwc.rst
constexpr uint64_t kMaxPeriod = 1000000;  // us

// A number, or lowest-highest, each of decimal digits.
bool is_range(std::string_view part) {
  const size_t dash = part.find('-');
  const auto low = parse_number<uint32_t>(part.substr(0, dash));
  const auto high =
      dash == std::string_view::npos ? low : parse_number<uint32_t>(part.substr(dash + 1));
  return low && high && *low <= *high;
}

// "used/group" after the colon of a range.
bool is_stride(std::string_view part) {
  const size_t slash = part.find('/');
  const auto used = parse_number<uint32_t>(part.substr(0, slash));
  const auto group = slash == std::string_view::npos
                         ? std::nullopt
                         : parse_number<uint32_t>(part.substr(slash + 1));
  return used && group && *group > 0 && *used <= *group;
}

bool is_list_part(std::string_view part) {
  const size_t colon = part.find(':');
  return is_range(part.substr(0, colon)) &&
         (colon == std::string_view::npos || is_stride(part.substr(colon + 1)));
}

// config-linux.md, "Memory". -1 is no limit.
Status validate_memory(const Memory& memory, std::string_view field) {
  const std::pair<const char*, std::optional<int64_t>> amounts[] = {
      {".limit", memory.limit}, {".reservation", memory.reservation}, {".swap", memory.swap}};
  for (const auto& [name, amount] : amounts) {
    if (amount && *amount < -1) {
      return refuse(concat(field, name), concat(*amount, "; -1 means no limit"));
    }
  }
  if (memory.swappiness.value_or(0) > kMaxSwappiness) {
    return refuse(concat(field, ".swappiness"),
                  concat(*memory.swappiness, " is not in range 0 to 100"));
  }
  return {};
}

// config-linux.md, "CPU". 0 stands for an absent value, as engines write it.
Status validate_cpu(const Cpu& cpu, std::string_view field) {
  const uint64_t period = cpu.period.value_or(0);
  if (period != 0 && (period < kMinPeriod || period > kMaxPeriod)) {
    return refuse(concat(field, ".period"), concat(period, " is not in range 1000 to 1000000"));
  }
  if (cpu.idle && *cpu.idle != 0 && *cpu.idle != 1) {
    return refuse(concat(field, ".idle"), concat(*cpu.idle, " is neither 0 nor 1"));
  }
  TRY(validate_number_list(cpu.cpus.value_or(""), concat(field, ".cpus")));
  return validate_number_list(cpu.mems.value_or(""), concat(field, ".mems"));
}

Status validate_weight(std::optional<uint16_t> weight, const std::string& field) {
  const uint16_t value = weight.value_or(0);
  return value != 0 && (value < kMinWeight || value > kMaxWeight)
             ? refuse(field, concat(value, " is not in range 10 to 1000"))
             : Status();
}

template <typename Device>
Status validate_device_numbers(const std::vector<Device>& devices, const std::string& field) {
  for (size_t i = 0; i < devices.size(); ++i) {
    if (devices[i].major < 0 || devices[i].minor < 0) {
      return refuse(indexed(field, i),
                    concat(devices[i].major, ":", devices[i].minor, " is not a device number"));
    }
  }
  return {};
}

// config-linux.md, "Block IO".
Status validate_block_io(const BlockIo& block_io, const std::string& field) {
  TRY(validate_weight(block_io.weight, field + ".weight"));
  TRY(validate_weight(block_io.leaf_weight, field + ".leafWeight"));
  for (size_t i = 0; i < block_io.weight_device.size(); ++i) {
    TRY(validate_weight(block_io.weight_device[i].weight,
                        indexed(field + ".weightDevice", i) + ".weight"));
  }
  TRY(validate_device_numbers(block_io.weight_device, field + ".weightDevice"));
  TRY(validate_device_numbers(block_io.read_bps, field + ".throttleReadBpsDevice"));
  TRY(validate_device_numbers(block_io.write_bps, field + ".throttleWriteBpsDevice"));
  TRY(validate_device_numbers(block_io.read_iops, field + ".throttleReadIOPSDevice"));
  return validate_device_numbers(block_io.write_iops, field + ".throttleWriteIOPSDevice");
}

// config-linux.md, "Allowed Device list".
Status validate_devices(const std::vector<DeviceCgroup>& devices, const std::string& field) {
  for (size_t i = 0; i < devices.size(); ++i) {
    const DeviceCgroup& rule = devices[i];
    if (rule.access.empty()) {
      return refuse(indexed(field, i), concat("device access at ", i, " field cannot be empty"));
    }
    if (rule.access.find_first_not_of("rwm") != std::string::npos) {
      return refuse(indexed(field, i) + ".access",
                    concat(quote(rule.access), " is not made of r, w and m"));
    }
    if (!rule.type.empty() && rule.type != "a" && rule.type != "b" && rule.type != "c") {
      return refuse(indexed(field, i) + ".type",
                    concat("invalid cgroup device type ", quote(rule.type)));
    }
  }
  return {};
}

// config-linux.md, "Unified": names of files in the container's own cgroup.
Status validate_unified(const Resources& resources, std::string_view field) {
  for (const auto& [file, value] : resources.unified) {
    const std::string place = concat(field, ".unified[", quote(file), "]");
    if (file.find('/') != std::string::npos) {
      return refuse(place,
                    concat("unified resource ", quote(file), " must be a file name (no slashes)"));
    }
    if (file.empty() || file.front() == '.' || file.find('.') == std::string::npos) {
      return refuse(place, "invalid cgroup file name");
    }
  }
  return {};
}

// config-linux.md, "Huge page limits": the size becomes part of a file name.
Status validate_huge_pages(const Resources& resources, std::string_view field) {
  for (size_t i = 0; i < resources.hugepage_limits.size(); ++i) {
    const std::string& size = resources.hugepage_limits[i].page_size;
    const size_t digits = std::min(size.find_first_not_of("0123456789"), size.size());
    const std::string_view unit = std::string_view(size).substr(digits);
    if (digits == 0 || (unit != "KB" && unit != "MB" && unit != "GB")) {
      return refuse(concat(indexed(concat(field, ".hugepageLimits"), i), ".pageSize"),
                    concat(quote(size), " is not a size like \"2MB\""));
    }
  }
  return {};
}

}  // namespace

Status validate_number_list(std::string_view list, std::string_view field) {
  list = trim(list);
  if (list.empty()) {
    return {};
  }
  for (const std::string& part : split(list, ',')) {
    if (!trim(part).empty() && !is_list_part(trim(part))) {
      return refuse(field, concat(quote(list), ": bad range ", quote(part)));
    }
  }
  return {};
}

Status validate_resources(const Resources& resources, std::string_view field) {
  const std::string prefix(field);
  TRY(validate_devices(resources.devices, prefix + ".devices"));
  if (resources.memory) {
    TRY(validate_memory(*resources.memory, prefix + ".memory"));
  }
  if (resources.cpu) {
    TRY(validate_cpu(*resources.cpu, prefix + ".cpu"));
  }
  if (resources.block_io) {
    TRY(validate_block_io(*resources.block_io, prefix + ".blockIO"));
  }
  TRY(validate_huge_pages(resources, field));
  return validate_unified(resources, field);
}

}  // namespace redoubt::oci
