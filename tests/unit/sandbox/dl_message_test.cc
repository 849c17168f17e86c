#include "sandbox/dl_message.h"

#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "sandbox/dl_process.h"

namespace redoubt::sandbox {
namespace {

std::vector<UnitProperty> some_properties() {
  UnitValue numbers;
  numbers.shape = UnitValue::Shape::kArray;
  numbers.element = 'x';
  numbers.items = {true, uint8_t{7}, int16_t{-3}, uint16_t{9}, int32_t{-1}, uint32_t{1},
                   INT64_MIN, UINT64_MAX, 0.1, std::string("\n\0 \xff", 4)};
  return {{"Description", unit_value(std::string("a b"))},
          {"MemoryMax", unit_value(UINT64_MAX)},
          {"Delegate", unit_value(true)},
          {"DeviceAllow", unit_pairs({{"/dev/null", "rwm"}, {"", ""}})},
          {"Everything", numbers},
          {"Nothing", unit_strings({})}};
}

plan::Seccomp some_filter() {
  plan::Seccomp seccomp;
  seccomp.default_action = plan::SeccompAction::kErrno;
  seccomp.default_errno_ret = 38;
  seccomp.architectures = {"x86_64", "x86"};
  seccomp.rules.push_back({{"read", "write"}, plan::SeccompAction::kAllow, 1, {}});
  seccomp.rules.push_back({{"clone"},
                           plan::SeccompAction::kKillProcess,
                           2,
                           {{0, plan::SeccompOperator::kMaskedEqual, UINT64_MAX, 5}}});
  return seccomp;
}

TEST(DlMessage, ValuesComeOutAsTheyWentIn) {
  Words words;
  put(words, some_properties());
  put(words, some_filter());
  put(words, CachedProgram{{{6, 0, 0, 0x7fff0000}}, {"new_call"}, "/lib/libseccomp.so.2"});
  WordReader reader(words);
  const std::vector<UnitProperty> properties = take_properties(reader);
  EXPECT_EQ(properties, some_properties());
  const plan::Seccomp filter = take_seccomp(reader);
  const CachedProgram program = take_program(reader);
  EXPECT_TRUE(reader.is_complete());
  Words again;
  put(again, properties);
  put(again, filter);
  put(again, program);
  EXPECT_EQ(again, words);
}

TEST(DlMessage, WhatIsCutShortIsNotComplete) {
  Words words;
  put(words, some_properties());
  while (!words.empty()) {
    words.pop_back();
    WordReader reader(words);
    take_properties(reader);
    EXPECT_FALSE(reader.is_complete());
  }
}

TEST(DlMessage, ErrorsComeBackWhole) {
  const Result<Words> reply = unpack_reply(reply_of(Error(ErrorKind::kDenied, "why: so", 13)));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind(), ErrorKind::kDenied);
  EXPECT_EQ(reply.error().message(), "why: so");
  EXPECT_EQ(reply.error().err(), 13);
  EXPECT_FALSE(unpack_reply({}));
  EXPECT_FALSE(unpack_reply({"perhaps"}));
}

TEST(DlMessage, GoesThroughASocketUntilItIsClosed) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Words words = {"", std::string("a\0b", 3), std::string(10000, 'x')};
  ASSERT_TRUE(send_words(ends[0], words));
  ::close(ends[0]);
  const Result<std::optional<Words>> received = receive_words(ends[1]);
  ASSERT_TRUE(received && *received);
  EXPECT_EQ(**received, words);
  const Result<std::optional<Words>> end = receive_words(ends[1]);
  EXPECT_TRUE(end && !*end);
  ::close(ends[1]);
}

TEST(DlProcess, AnswersOneCallAfterTheOther) {
  Result<DlProcess> process = DlProcess::start();
  ASSERT_TRUE(process) << process.error().message();
  EXPECT_EQ(process->call({"no such call"}).error().kind(), ErrorKind::kInternal);
  // Without a connection there is nothing to ask.
  EXPECT_EQ(process->call({"systemd version"}).error().kind(), ErrorKind::kInternal);
  const Result<Words> version = process->call({"libseccomp version"});
  ASSERT_TRUE(version) << version.error().message();
  EXPECT_EQ(version->at(0).substr(0, 2), "2.");
}

}  // namespace
}  // namespace redoubt::sandbox
