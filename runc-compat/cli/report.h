// Tables for people: aligned columns, wrapped to the terminal's width, coloured when stdout is a
// terminal that wants it ($NO_COLOR, TERM=dumb). For the verbs whose output no engine reads.
#ifndef REDOUBT_CLI_REPORT_H_
#define REDOUBT_CLI_REPORT_H_

#include <cstddef>
#include <string>
#include <vector>

namespace redoubt::cli {

enum class Colour { kPlain, kBold, kGood, kWarn, kBad, kFaint };

struct Cell {
  std::string text;
  Colour colour = Colour::kPlain;
};

struct ReportStyle {
  bool colours = false;
  size_t width = 120;  // that no line exceeds, but for a long word
};

// What stdout is.
ReportStyle stdout_style();

// `head` may be empty. Columns are narrowed to the width by lines in their cells; where that is not enough, the last cell stands below the
// others. Control characters appear as \xNN.
std::string format_report(const std::vector<std::string>& head,
                          const std::vector<std::vector<Cell>>& rows,
                          const ReportStyle& style);

// A line in that colour, as many of the terminal as it takes, with a newline.
std::string coloured_line(const std::string& text, Colour colour, const ReportStyle& style);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_REPORT_H_
