#include "runc-compat/cli/table.h"

#include <gtest/gtest.h>

namespace redoubt::cli {
namespace {

TEST(FormatTable, PadsLikeGosTabwriter) {
  EXPECT_EQ(format_table({{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}}),
            "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n");
  EXPECT_EQ(format_table({{"ID", "PID", "STATUS"}, {"a-long-container-id", "0", "stopped"}}),
            "ID                    PID         STATUS\n"
            "a-long-container-id   0           stopped\n");
  EXPECT_EQ(format_table({{"123456789", "x"}, {"1234567890", "y"}}),
            "123456789    x\n1234567890   y\n");
}

TEST(FormatTable, CountsCharactersNotBytes) {
  EXPECT_EQ(format_table({{"\xc3\xa4\xc3\xa4", "x"}}), "\xc3\xa4\xc3\xa4          x\n");
}

TEST(FormatTable, NeverLetsEscapeSequencesThrough) {
  EXPECT_EQ(format_table({{"/b/\x1b[2J\n", "x"}}), "/b/\\x1b[2J\\n   x\n");
}

}  // namespace
}  // namespace redoubt::cli
