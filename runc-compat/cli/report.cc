#include "runc-compat/cli/report.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "base/log_format.h"
#include "base/str.h"

namespace redoubt::cli {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kMaxColumn = 44;
constexpr size_t kMinLast = 24;

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

// Words up to `width` a line; a longer word has a line of its own.
std::vector<std::string> wrapped(const std::string& text, size_t width) {
  std::vector<std::string> lines(1);
  for (const std::string& word : split(text, ' ')) {
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width) {
      lines.emplace_back();
    }
    lines.back() += lines.back().empty() ? word : concat(" ", word);
  }
  return lines;
}

using Widths = std::vector<size_t>;

Widths widths_of(const std::vector<std::string>& head, const std::vector<std::vector<Cell>>& rows) {
  Widths widths(head.size());
  for (size_t i = 0; i < head.size(); ++i) {
    widths[i] = head[i].size();
  }
  for (const std::vector<Cell>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], std::min(row[i].text.size(), kMaxColumn));
    }
  }
  return widths;
}

void write_row(const std::vector<Cell>& row,
               const Widths& widths,
               const ReportStyle& style,
               std::string& out) {
  std::vector<std::vector<std::string>> cells;
  size_t height = 0;
  size_t used = 0;
  for (size_t i = 0; i < row.size(); ++i) {
    const bool last = i + 1 == row.size();
    const size_t rest = style.width > used + kMinLast ? style.width - used : kMinLast;
    cells.push_back(wrapped(log::printable(row[i].text), last ? rest : widths[i]));
    height = std::max(height, cells.back().size());
    used += widths[i] + kGap;
  }
  for (size_t line = 0; line < height; ++line) {
    std::string text;
    size_t pending = 0;
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string part = line < cells[i].size() ? cells[i][line] : "";
      if (!part.empty()) {
        text.append(pending, ' ');
        pending = 0;
        text += painted(part, row[i].colour, style);
      }
      pending += widths[i] > part.size() ? widths[i] - part.size() + kGap : kGap;
    }
    out += text + '\n';
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
  const Widths widths = widths_of(head, rows);
  std::string out;
  if (!head.empty()) {
    std::vector<Cell> cells;
    for (const std::string& name : head) {
      cells.push_back({name, Colour::kBold});
    }
    write_row(cells, widths, style, out);
  }
  for (const std::vector<Cell>& row : rows) {
    write_row(row, widths, style, out);
  }
  return out;
}

std::string coloured_line(const std::string& text, Colour colour, const ReportStyle& style) {
  return painted(log::printable(text), colour, style) + '\n';
}

}  // namespace redoubt::cli
