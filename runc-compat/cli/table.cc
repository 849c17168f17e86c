#include "runc-compat/cli/table.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string_view>

#include "base/str.h"

namespace redoubt::cli {
namespace {

constexpr size_t kMinWidth = 12;
constexpr size_t kPadding = 3;

std::string visible(std::string_view cell) {
  const bool plain = std::none_of(cell.begin(), cell.end(), [](char c) {
    return std::iscntrl(static_cast<unsigned char>(c)) != 0;
  });
  if (plain) {
    return std::string(cell);
  }
  const std::string quoted = quote(cell);
  return quoted.substr(1, quoted.size() - 2);
}

// Number of characters: every byte that does not continue a UTF-8 sequence starts one.
size_t character_count(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

}  // namespace

std::string format_table(const std::vector<TableRow>& rows) {
  std::vector<TableRow> cells;
  std::vector<size_t> widths;
  for (const TableRow& row : rows) {
    TableRow& line = cells.emplace_back();
    for (size_t column = 0; column < row.size(); ++column) {
      line.push_back(visible(row[column]));
      if (column + 1 < row.size()) {
        widths.resize(std::max(widths.size(), column + 1), kMinWidth);
        widths[column] = std::max(widths[column], character_count(line.back()) + kPadding);
      }
    }
  }
  std::string out;
  for (const TableRow& row : cells) {
    for (size_t column = 0; column < row.size(); ++column) {
      out += row[column];
      if (column + 1 < row.size()) {
        out.append(widths[column] - character_count(row[column]), ' ');
      }
    }
    out += '\n';
  }
  return out;
}

}  // namespace redoubt::cli
