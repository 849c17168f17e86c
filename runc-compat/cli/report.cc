#include "runc-compat/cli/report.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/log_format.h"
#include "base/str.h"

namespace redoubt::cli {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kMaxColumn = 44;
constexpr size_t kMinLast = 24;
constexpr size_t kMinShrunk = 16;
constexpr size_t kIndent = 4;

const char* code_of(Colour colour) {
  switch (colour) {
    case Colour::kBold:
      return "1";
    case Colour::kGood:
      return "32";
    case Colour::kWarn:
      return "33";
    case Colour::kBad:
      return "31";
    case Colour::kFaint:
      return "2";
    case Colour::kPlain:
      break;
  }
  return nullptr;
}

std::string painted(const std::string& text, Colour colour, const ReportStyle& style) {
  const char* code = code_of(colour);
  return !style.colours || code == nullptr || text.empty()
             ? text
             : concat("\x1b[", code, "m", text, "\x1b[0m");
}

// Number of characters: every byte that does not continue a UTF-8 sequence starts one.
size_t character_count(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// One line of text, whatever a document had in it.
std::string one_line(std::string text) {
  text = log::printable(text);
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return text;
}

// Words up to `width` a line; a longer word has a line of its own. Spaces stay, but where a line ends.
std::vector<std::string> wrapped(const std::string& text, size_t width) {
  std::vector<std::string> lines(1);
  size_t spaces = 0;
  for (const std::string& word : split(text, ' ')) {
    std::string& line = lines.back();
    if (word.empty()) {
      ++spaces;
    } else if (line.empty()) {
      line = word;
    } else if (character_count(line) + spaces + character_count(word) > width) {
      lines.push_back(word);
    } else {
      line.append(spaces, ' ') += word;
    }
    spaces = word.empty() ? spaces : 1;
  }
  return lines;
}

using Rows = std::vector<std::vector<Cell>>;
using Widths = std::vector<size_t>;

size_t longest_word(const std::string& text) {
  size_t longest = 0;
  for (const std::string& word : split(text, ' ')) {
    longest = std::max(longest, character_count(word));
  }
  return longest;
}

// Where the last column begins.
size_t start_of_last(const Widths& widths) {
  size_t start = 0;
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    start += widths[i] + kGap;
  }
  return start;
}

// Makes the widest columns narrower, by lines in their cells, until the last one begins at `limit`. False: no word is broken for it.
bool shrink(Widths& widths, const Widths& least, size_t limit) {
  while (start_of_last(widths) > limit) {
    size_t widest = widths.size();
    for (size_t i = 0; i + 1 < widths.size(); ++i) {
      if (widths[i] > least[i] && (widest == widths.size() || widths[i] > widths[widest])) {
        widest = i;
      }
    }
    if (widest == widths.size()) {
      return false;
    }
    --widths[widest];
  }
  return true;
}

Widths widths_of(const Rows& rows, size_t total) {
  Widths widths;
  Widths least;
  for (const std::vector<Cell>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    least.resize(widths.size(), kMinShrunk);
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], std::min(character_count(row[i].text), kMaxColumn));
      least[i] = std::max(least[i], longest_word(row[i].text));
    }
  }
  Widths narrow = widths;
  const size_t last = std::min(widths.empty() ? 0 : widths.back(), kMinLast);
  if (shrink(narrow, least, total > last ? total - last : 0)) {
    return narrow;
  }
  shrink(widths, least, total + kGap);  // the last cells then have lines of their own
  return widths;
}

void write_cells(const std::vector<std::vector<std::string>>& cells,
                 const std::vector<Cell>& row,
                 const Widths& widths,
                 const ReportStyle& style,
                 std::string& out) {
  size_t height = 0;
  for (const std::vector<std::string>& cell : cells) {
    height = std::max(height, cell.size());
  }
  for (size_t line = 0; line < height; ++line) {
    size_t pending = 0;
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string part = line < cells[i].size() ? cells[i][line] : "";
      const size_t length = character_count(part);
      if (!part.empty()) {
        out.append(pending, ' ') += painted(part, row[i].colour, style);
        pending = 0;
      }
      pending += widths[i] > length ? widths[i] - length + kGap : kGap;
    }
    out += '\n';
  }
}

// A last cell that has no room beside the others has lines of its own below them.
void write_row(const std::vector<Cell>& row, const Widths& widths, const ReportStyle& style, std::string& out) {
  std::vector<std::vector<std::string>> cells;
  std::vector<std::string> below;
  size_t used = 0;
  for (size_t i = 0; i < row.size(); used += widths[i++] + kGap) {
    const bool last = i + 1 == row.size();
    const size_t room = style.width > used ? style.width - used : 0;
    if (last && room < kMinLast && character_count(row[i].text) > room) {
      below = wrapped(row[i].text, std::max(style.width, kIndent + kMinLast) - kIndent);
    } else {
      cells.push_back(wrapped(row[i].text, last ? room : widths[i]));
    }
  }
  write_cells(cells, row, widths, style, out);
  for (const std::string& line : below) {
    out.append(kIndent, ' ') += painted(line, row.back().colour, style) + '\n';
  }
}

}  // namespace

ReportStyle stdout_style() {
  ReportStyle style;
  winsize size{};
  if (::isatty(STDOUT_FILENO) == 0) {
    return style;
  }
  const char* term = ::getenv("TERM");
  const char* no_colour = ::getenv("NO_COLOR");
  style.colours = (no_colour == nullptr || *no_colour == '\0') && term != nullptr &&
                  ::strcmp(term, "dumb") != 0;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > kMinLast) {
    style.width = size.ws_col;
  }
  return style;
}

std::string format_report(const std::vector<std::string>& head,
                          const std::vector<std::vector<Cell>>& rows,
                          const ReportStyle& style) {
  Rows shown;
  if (!head.empty()) {
    std::vector<Cell>& cells = shown.emplace_back();
    for (const std::string& name : head) {
      cells.push_back({name, Colour::kBold});
    }
  }
  for (const std::vector<Cell>& row : rows) {
    std::vector<Cell>& cells = shown.emplace_back();
    for (const Cell& cell : row) {
      cells.push_back({one_line(cell.text), cell.colour});
    }
  }
  const Widths widths = widths_of(shown, style.width);
  std::string out;
  for (const std::vector<Cell>& row : shown) {
    write_row(row, widths, style, out);
  }
  return out;
}

std::string coloured_line(const std::string& text, Colour colour, const ReportStyle& style) {
  std::string out;
  for (const std::string& line : wrapped(one_line(text), style.width)) {
    out += painted(line, colour, style) + '\n';
  }
  return out;
}

}  // namespace redoubt::cli
