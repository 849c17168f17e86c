#include "runc-compat/cli/signal_names.h"

#include <signal.h>

#include <gtest/gtest.h>

namespace redoubt::cli {
namespace {

TEST(ParseSignal, TakesNumbersAndNamesInEverySpelling) {
  struct Row {
    const char* text;
    int signal;
  };
  const Row table[] = {
      {"9", SIGKILL},   {"0", 0},        {"15", SIGTERM}, {"KILL", SIGKILL},  {"kill", SIGKILL},
      {"SIGKILL", 9},   {"SigTerm", 15}, {"sigusr1", 10}, {"usr2", 12},       {"hup", 1},
      {"SIGCLD", 17},   {"chld", 17},    {"iot", 6},      {"poll", 29},       {"stkflt", 16},
      {"37", 37},       {"64", 64},      {"RTMIN", 34},   {"SIGRTMIN+3", 37}, {"rtmax-14", 50},
      {"SIGRTMAX", 64}, {"winch", 28},   {"pwr", 30},     {"sys", 31},        {"vtalrm", 26},
  };
  for (const Row& row : table) {
    const Result<int> signal = parse_signal(row.text);
    ASSERT_TRUE(signal.has_value()) << row.text;
    EXPECT_EQ(*signal, row.signal) << row.text;
  }
}

TEST(ParseSignal, QuotesWhatItDoesNotKnow) {
  for (const char* text : {"SIGFOO",
                           "",
                           "SIG",
                           "65",
                           "-1",
                           "-9",
                           "9x",
                           "SIGSIGKILL",
                           "RTMIN+31",
                           "RTMIN-1",
                           "RTMAX+1",
                           "RTMIN+",
                           "0x9",
                           " 9"}) {
    const Result<int> signal = parse_signal(text);
    ASSERT_FALSE(signal.has_value()) << text;
    EXPECT_EQ(signal.error().message(), std::string("unknown signal \"") + text + "\"");
  }
}

}  // namespace
}  // namespace redoubt::cli
