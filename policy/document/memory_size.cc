#include "policy/document/memory_size.h"

#include "base/str.h"

namespace redoubt::policy {
namespace {

constexpr uint64_t kMebi = uint64_t{1} << 20;
constexpr uint64_t kGibi = uint64_t{1} << 30;
constexpr size_t kMaxDigits = 7;
constexpr size_t kUnitLetters = 2;

}  // namespace

std::optional<uint64_t> parse_memory_size(std::string_view text) {
  const bool gibi = text.ends_with("Gi");
  if (!gibi && !text.ends_with("Mi")) {
    return std::nullopt;
  }
  const std::string_view digits = text.substr(0, text.size() - kUnitLetters);
  const auto number = parse_number<uint64_t>(digits);
  if (!number || digits.size() > kMaxDigits || digits.front() == '0') {
    return std::nullopt;
  }
  return *number * (gibi ? kGibi : kMebi);
}

std::string memory_size_text(uint64_t bytes) {
  return bytes % kGibi == 0 ? concat(bytes / kGibi, "Gi") : concat(bytes / kMebi, "Mi");
}

}  // namespace redoubt::policy
