#include "escalate-vm/guest/agent/process_row.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace redoubt::agent {
namespace {

using std::string_literals::operator""s;

TEST(CommandLine, IsOneLineOfPrintableText) {
  EXPECT_EQ(command_line("sh\0-c\0echo \x1b[31m\nx\0"s, "sh"), "sh -c echo ?[31m?x");
  EXPECT_EQ(command_line("", "kworker"), "[kworker]");
  EXPECT_EQ(command_line(std::string(5000, 'x'), "x").size(), vm::kMaxCommand);
}

TEST(ReadProcess, KnowsItself) {
  const std::optional<vm::ProcessRow> row = read_process(::getpid());
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->pid, ::getpid());
  EXPECT_EQ(row->parent, ::getppid());
  EXPECT_EQ(row->user, ::geteuid());
  EXPECT_NE(row->command.find("_test"), std::string::npos);
}

TEST(ReadProcess, OneThatIsGoneIsNothing) {
  EXPECT_FALSE(read_process(0x7fffffff).has_value());
}

}  // namespace
}  // namespace redoubt::agent
