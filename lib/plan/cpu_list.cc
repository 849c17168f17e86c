#include "plan/cpu_list.h"

#include <optional>

#include "base/str.h"

namespace redoubt::plan {
namespace {

void set_bit(std::vector<uint64_t>& mask, unsigned number) {
  if (mask.size() <= number / 64) {
    mask.resize(number / 64 + 1);
  }
  mask[number / 64] |= uint64_t{1} << (number % 64);
}

}  // namespace

Result<std::vector<uint64_t>> parse_cpu_list(std::string_view text) {
  std::vector<uint64_t> mask;
  if (trim(text).empty()) {
    return mask;
  }
  for (const std::string& part : split(text, ',')) {
    const std::string_view range = trim(part);
    const size_t dash = range.find('-');
    const auto first = parse_number<unsigned>(trim(range.substr(0, dash)));
    const auto last = dash == std::string_view::npos
                          ? first
                          : parse_number<unsigned>(trim(range.substr(dash + 1)));
    if (!first || !last || *first > *last) {
      return Error::invalid(concat(quote(text), ": bad range ", quote(range)));
    }
    if (*last > kMaxListNumber) {
      return Error::invalid(
          concat(quote(text), ": number ", *last, " is beyond the limit of ", kMaxListNumber));
    }
    for (unsigned number = *first; number <= *last; ++number) {
      set_bit(mask, number);
    }
  }
  return mask;
}

}  // namespace redoubt::plan
