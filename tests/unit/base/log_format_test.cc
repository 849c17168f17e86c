#include "base/log_format.h"

#include <gtest/gtest.h>

#include "base/str.h"

namespace redoubt::log {
namespace {

constexpr time_t kTime = 1795359889;  // 2026-11-22T15:04:49Z
constexpr Caller kCaller = {"create", "/src/runc-compat/cli/create.cc", 63};

TEST(FormatText, IsLogrusByteForByte) {
  struct Row {
    Record record;
    std::string_view expected;
  };
  const Row rows[] = {
      {{Level::kError, "container does not exist", kTime},
       "time=\"2026-11-22T15:04:49Z\" level=error msg=\"container does not exist\"\n"},
      {{Level::kWarning, "say \"hi\"\n", kTime},
       "time=\"2026-11-22T15:04:49Z\" level=warning msg=\"say \\\"hi\\\"\\n\"\n"},
      {{Level::kInfo, "word-1_/.@^+", kTime},
       "time=\"2026-11-22T15:04:49Z\" level=info msg=word-1_/.@^+\n"},
      {{Level::kError, "\x1b[31m", kTime},
       "time=\"2026-11-22T15:04:49Z\" level=error msg=\"\\x1b[31m\"\n"},
      {{Level::kDebug, "two words", kTime, &kCaller},
       "time=\"2026-11-22T15:04:49Z\" level=debug msg=\"two words\" func=\"create()\" "
       "file=\"create.cc:63\"\n"},
      {{Level::kError, "x", 0}, "time=\"1970-01-01T00:00:00Z\" level=error msg=x\n"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(format_text(row.record), row.expected);
  }
}

TEST(FormatJson, IsOneSortedObjectALine) {
  EXPECT_EQ(format_json({Level::kError, "container does not exist", kTime}),
            "{\"level\":\"error\",\"msg\":\"container does not exist\",\"time\":\"2026-11-22T15:04:"
            "49Z\"}\n");
  EXPECT_EQ(format_json({Level::kDebug, "a\n<\"b\">", kTime, &kCaller}),
            "{\"file\":\"create.cc:63\",\"func\":\"create()\",\"level\":\"debug\",\"msg\":\"a\\n"
            "\\u003c\\\"b\\\"\\u003e\",\"time\":\"2026-11-22T15:04:49Z\"}\n");
}

TEST(FormatJson, StaysValidForBytesThatAreNotText) {
  EXPECT_EQ(format_json({Level::kError,
                         "a\xff"
                         "b",
                         0}),
            "{\"level\":\"error\",\"msg\":\"a\\ufffdb\",\"time\":\"1970-01-01T00:00:00Z\"}\n");
}

TEST(FormatTerminal, IsShort) {
  EXPECT_EQ(format_terminal({Level::kError, "no such thing", 0}, "redoubt"),
            "redoubt: no such thing\n");
  EXPECT_EQ(format_terminal({Level::kWarning, "careful", 0}, "runc"), "runc: warning: careful\n");
}

TEST(FormatSyslog, CarriesPriorityAndTag) {
  EXPECT_EQ(format_syslog({Level::kError, "bad", 0}, "web1"), "<27>web1: bad");
  EXPECT_EQ(format_syslog({Level::kDebug, "bad", 0}, "web1"), "<31>web1: bad");
}

TEST(FormatJournal, LengthPrefixesTheMessage) {
  const std::string expected = concat(std::string_view("MESSAGE\n\x03\0\0\0\0\0\0\0", 16),
                                      "a\nb\nPRIORITY=4\nSYSLOG_IDENTIFIER=web1\n");
  EXPECT_EQ(format_journal({Level::kWarning, "a\nb", 0}, "web1"), expected);
}

TEST(Printable, LeavesTextAndEscapesControl) {
  EXPECT_EQ(printable("a \"b\" \\ c\n\td"), "a \"b\" \\ c\n\td");
  EXPECT_EQ(printable("\x1b]0;owned\x07"), "\\x1b]0;owned\\a");
  EXPECT_EQ(printable("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\u009b31m");  // C1 CSI
  EXPECT_EQ(printable("a\xe2\x80\xae"
                      "b"),
            "a\\u202eb");  // right-to-left override
  EXPECT_EQ(printable(""), "");
}

}  // namespace
}  // namespace redoubt::log
