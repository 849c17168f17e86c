#include "runc-compat/cli/ps_table.h"

#include <gtest/gtest.h>

namespace redoubt::cli {
namespace {

constexpr char kOutput[] =
    "UID          PID    PPID  C STIME TTY          TIME CMD\n"
    "root           1       0  0 10:00 ?        00:00:01 /sbin/init\n"
    "root          12       1  0 10:00 ?        00:00:01 sleep 12\n"
    "root         123       1  0 10:00 ?        00:00:01 sleep 123\n";

TEST(FilterPsTable, KeepsTheHeaderAndTheContainersLines) {
  EXPECT_EQ(*filter_ps_table(kOutput, {12}),
            "UID          PID    PPID  C STIME TTY          TIME CMD\n"
            "root          12       1  0 10:00 ?        00:00:01 sleep 12\n");
  EXPECT_EQ(*filter_ps_table("  PID X\n    7 y\n", {}), "  PID X\n");
}

TEST(FilterPsTable, SaysWhenThereIsNoPidColumn) {
  EXPECT_EQ(filter_ps_table("UID PPID\n0 1\n", {1}).error().message(),
            "couldn't find PID field in ps output");
  EXPECT_EQ(filter_ps_table("", {1}).error().message(), "couldn't find PID field in ps output");
}

TEST(FilterPsTable, RefusesLinesWithoutPid) {
  EXPECT_FALSE(filter_ps_table("UID PID\nroot\n", {1}).has_value());
  EXPECT_FALSE(filter_ps_table("UID PID\nroot x\n", {1}).has_value());
}

}  // namespace
}  // namespace redoubt::cli
