#include "runc-compat/cli/report.h"

#include <gtest/gtest.h>

namespace redoubt::cli {
namespace {

constexpr ReportStyle kPhone{false, 40};

TEST(FormatReport, AlignsColumnsAndWrapsTheLast) {
  EXPECT_EQ(format_report({"A", "B"}, {{{"name"}, {"one two three four five six seven eight"}}}, kPhone),
            "A     B\n"
            "name  one two three four five six seven\n"
            "      eight\n");
}

// Spaces between words stay, none is left where a line ends.
TEST(FormatReport, EndsNoLineWithASpace) {
  EXPECT_EQ(format_report({}, {{{"name"}, {"deny  [one two three four five six seven]"}}}, kPhone),
            "name  deny  [one two three four five six\n"
            "      seven]\n");
  EXPECT_EQ(format_report({}, {{{"name"}, {"one two three four five six seven  [eight]"}}}, kPhone),
            "name  one two three four five six seven\n"
            "      [eight]\n");
}

TEST(FormatReport, NarrowsTheWidestColumnForTheLast) {
  EXPECT_EQ(format_report({}, {{{"one two three four five"}, {"x"}}, {{"a"}, {"what it says here is long"}}}, {false, 44}),
            "one two three four  x\n"
            "five\n"
            "a                   what it says here is\n"
            "                    long\n");
}

TEST(FormatReport, PutsTheLastCellBelowWhereItHasNoRoom) {
  EXPECT_EQ(format_report({"FIELD", "SOURCE", "VALUE"},
                          {{{"a-field"}, {"a-source-without-spaces"}, {"deny"}},
                           {{"b-field"}, {"b-source"}, {"one two three four five six seven eight"}}},
                          kPhone),
            "FIELD    SOURCE                   VALUE\n"
            "a-field  a-source-without-spaces  deny\n"
            "b-field  b-source\n"
            "    one two three four five six seven\n"
            "    eight\n");
}

TEST(FormatReport, CountsCharactersNotBytes) {
  EXPECT_EQ(format_report({}, {{{"\xc3\xa4\xc3\xa4"}, {"x"}}, {{"abc"}, {"y"}}}, kPhone), "\xc3\xa4\xc3\xa4   x\nabc  y\n");
}

TEST(FormatReport, IsOneLineWhateverACellHas) {
  EXPECT_EQ(format_report({}, {{{"a\x1b[2J"}, {"b\nc\td"}}}, kPhone), "a\\x1b[2J  b c d\n");
}

TEST(FormatReport, PaintsWordsAlone) {
  EXPECT_EQ(format_report({}, {{{"ok", Colour::kGood}, {"x"}}}, {true, 40}), "\x1b[32mok\x1b[0m  x\n");
}

TEST(ColouredLine, IsWrappedToo) {
  EXPECT_EQ(coloured_line("one two three four five six seven eight", Colour::kBold, {true, 30}),
            "\x1b[1mone two three four five six\x1b[0m\n\x1b[1mseven eight\x1b[0m\n");
}

}  // namespace
}  // namespace redoubt::cli
