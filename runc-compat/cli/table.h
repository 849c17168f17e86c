// Aligned text columns, byte for byte as Go's tabwriter with minimum width 12 and padding 3 prints
// them: that is what scripts that cut columns out of `list` have seen so far.
#ifndef REDOUBT_CLI_TABLE_H_
#define REDOUBT_CLI_TABLE_H_

#include <string>
#include <vector>

namespace redoubt::cli {

using TableRow = std::vector<std::string>;

// One line a row; the last cell of a row is not padded. Widths count characters, not bytes. Control
// characters of a cell appear as \xNN, so that nothing that a container chose reaches the terminal
// as an escape sequence.
std::string format_table(const std::vector<TableRow>& rows);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_TABLE_H_
