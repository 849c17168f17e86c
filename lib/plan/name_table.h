// NamedNumber: one row of a table that maps a config.json word to a kernel number. The tables are
// arrays sorted by word, so that they can be searched by halves and listed by `features` as they
// are.
#ifndef REDOUBT_PLAN_NAME_TABLE_H_
#define REDOUBT_PLAN_NAME_TABLE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace redoubt::plan {

struct NamedNumber {
  std::string_view name;
  uint64_t number;
};

// Preconditions: `table` is sorted by name.
inline std::optional<uint64_t> find_number(std::span<const NamedNumber> table,
                                           std::string_view name) {
  const auto row = std::lower_bound(
      table.begin(), table.end(), name, [](const NamedNumber& r, std::string_view n) {
        return r.name < n;
      });
  if (row == table.end() || row->name != name) {
    return std::nullopt;
  }
  return row->number;
}

// The first word with this number, empty if there is none.
inline std::string_view find_name(std::span<const NamedNumber> table, uint64_t number) {
  for (const NamedNumber& row : table) {
    if (row.number == number) {
      return row.name;
    }
  }
  return {};
}

inline std::vector<std::string_view> names_of(std::span<const NamedNumber> table) {
  std::vector<std::string_view> names;
  for (const NamedNumber& row : table) {
    names.push_back(row.name);
  }
  return names;
}

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_NAME_TABLE_H_
