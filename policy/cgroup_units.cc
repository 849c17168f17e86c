#include "policy/cgroup_units.h"

#include <algorithm>
#include <bit>

#include "base/str.h"

namespace redoubt::policy {
namespace {

constexpr uint64_t kMinShares = 2;
constexpr uint64_t kMaxShares = uint64_t{1} << 18;
constexpr uint64_t kMaxWeight = 10000;
constexpr uint64_t kMinBlkioWeight = 10;
constexpr uint64_t kMaxBlkioWeight = 1000;

// Fixed point with 40 fractional bits: libm would be one more library to load for every command.
__extension__ using Fixed = __int128;
constexpr int kFraction = 40;
constexpr Fixed kLog10Of2 = 330985980542;   // 0.30102999566398 * 2^40
constexpr Fixed kTolerance = Fixed{1} << 14;  // 1024 shares are a weight of 100 exactly

// log2(value), value > 0: each squaring of the mantissa yields one more bit.
Fixed log2_of(uint64_t value) {
  const int whole = 63 - std::countl_zero(value);
  Fixed result = whole;
  uint64_t mantissa = value << (63 - whole);
  for (int i = 0; i < kFraction; ++i) {
    __extension__ const auto square = static_cast<unsigned __int128>(mantissa) * mantissa;
    const bool carry = (square >> 127) != 0;
    mantissa = static_cast<uint64_t>(square >> (carry ? 64 : 63));
    result = result * 2 + (carry ? 1 : 0);
  }
  return result;
}

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
  const Fixed l = log2_of(shares);
  const Fixed wanted = (l * l >> kFraction) + 125 * l - (Fixed{126} << kFraction) - kTolerance;
  uint64_t low = 1;
  uint64_t high = kMaxWeight;
  while (low < high) {  // the smallest weight with 612 log10(weight) >= l^2 + 125 l - 126
    const uint64_t middle = (low + high) / 2;
    if (612 * (log2_of(middle) * kLog10Of2 >> kFraction) >= wanted) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
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
