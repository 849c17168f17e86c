#include "policy/cgroup_units.h"

#include <algorithm>
#include <cmath>

#include "base/str.h"

namespace redoubt::policy {
namespace {

constexpr uint64_t kMinShares = 2;
constexpr uint64_t kMaxShares = uint64_t{1} << 18;
constexpr uint64_t kMaxWeight = 10000;
constexpr uint64_t kMinBlkioWeight = 10;
constexpr uint64_t kMaxBlkioWeight = 1000;

}  // namespace

uint64_t cpu_weight_from_shares(uint64_t shares) {
  if (shares == 0) {
    return 0;
  }
  if (shares <= kMinShares) {
    return 1;
  }
  if (shares >= kMaxShares) {
    return kMaxWeight;
  }
  const double l = std::log2(static_cast<double>(shares));
  const double exponent = (l * l + 125 * l) / 612.0 - 7.0 / 34.0;
  return static_cast<uint64_t>(std::ceil(std::pow(10, exponent)));
}

uint64_t io_weight_from_blkio(uint16_t weight) {
  if (weight == 0) {
    return 0;
  }
  const uint64_t clamped = std::clamp<uint64_t>(weight, kMinBlkioWeight, kMaxBlkioWeight);
  return 1 + (clamped - kMinBlkioWeight) * (kMaxWeight - 1) / (kMaxBlkioWeight - kMinBlkioWeight);
}

Result<int64_t> swap_from_memory_and_swap(int64_t memory_and_swap, int64_t memory) {
  if (memory_and_swap == 0) {
    return memory == -1 ? int64_t{-1} : int64_t{0};
  }
  if (memory_and_swap == -1 || memory == -1) {
    return memory_and_swap;
  }
  if (memory == 0) {
    return Error::invalid("unable to set swap limit without memory limit");
  }
  if (memory < 0) {
    return Error::invalid(concat("invalid memory value: ", memory));
  }
  if (memory_and_swap < memory) {
    return Error::invalid("memory+swap limit should be >= memory limit");
  }
  return memory_and_swap - memory;
}

bool is_huge_page_size(std::string_view size) {
  const size_t unit = size.find_first_not_of("0123456789");
  if (unit == 0 || unit == std::string_view::npos) {
    return false;
  }
  const std::string_view text = size.substr(unit);
  return text == "KB" || text == "MB" || text == "GB" || text == "TB" || text == "PB";
}

}  // namespace redoubt::policy
