// What every fuzz target demands beyond not crashing.
#ifndef REDOUBT_TESTS_FUZZ_EXPECT_H_
#define REDOUBT_TESTS_FUZZ_EXPECT_H_

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace redoubt {

inline void expect(bool holds, const char* what, std::string_view detail = "") {
  if (!holds) {
    std::fprintf(
        stderr, "broken: %s: %.*s\n", what, static_cast<int>(detail.size()), detail.data());
    std::abort();
  }
}

// A message is one readable line, whatever the document holds: no control bytes that would forge
// log lines or steer a terminal.
inline void expect_message(std::string_view message) {
  expect(!message.empty(), "message is not empty");
  expect(message.size() < 20000, "message is short");
  expect(std::none_of(
             message.begin(), message.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }),
         "message has no control bytes",
         message);
}

}  // namespace redoubt

#endif  // REDOUBT_TESTS_FUZZ_EXPECT_H_
