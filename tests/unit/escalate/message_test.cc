#include "escalate-vm/protocol/message.h"

#include <gtest/gtest.h>

namespace redoubt::vm {
namespace {

TEST(ParseMessage, ReadsEachKind) {
  const Result<Message> hello = parse_message(R"({"hello":{"version":1,"nonce":"abc"}})");
  ASSERT_TRUE(hello);
  EXPECT_EQ(std::get<Hello>(*hello).nonce, "abc");
  const Result<Message> created = parse_message(R"({"id":3,"pid":44})");
  ASSERT_TRUE(created);
  EXPECT_EQ(std::get<Reply>(*created).pid, 44);
  const Result<Message> failed = parse_message(R"({"id":3,"error":"no"})");
  ASSERT_TRUE(failed);
  EXPECT_EQ(std::get<Reply>(*failed).error, "no");
  const Result<Message> gone =
      parse_message(R"({"event":"exit","container":"c","session":"","signal":9})");
  ASSERT_TRUE(gone);
  EXPECT_EQ(std::get<ExitEvent>(*gone).signal, 9);
  EXPECT_TRUE(
      std::holds_alternative<OomEvent>(*parse_message(R"({"event":"oom","container":"c"})")));
}

TEST(ParseMessage, RefusesWhatFitsNoKind) {
  const std::string_view cases[] = {
      "",
      "[]",
      "{}",
      R"({"hello":[]})",
      R"({"id":-1})",
      R"({"id":1,"pid":"4"})",
      R"({"id":1,"pid":4294967296})",
      R"({"id":1,"processes":[true]})",
      R"({"id":1,"processes":[{"pid":"7"}]})",
      R"({"event":"reboot"})",
      R"({"event":"exit","container":"c","session":""})",
      R"({"event":"exit","container":"c","session":"","code":1,"signal":9})",
      R"({"event":"exit","container":"c","session":"","code":256})",
      R"({"event":"exit","container":"c","session":"","signal":65})",
  };
  for (const std::string_view text : cases) {
    EXPECT_FALSE(parse_message(text)) << text;
  }
}

TEST(FormatMessage, IsReadBackUnchanged) {
  const std::string_view texts[] = {
      R"({"hello":{"version":1,"nonce":"n"}})",
      R"({"id":1})",
      R"({"id":1,"error":"container \"x\" does not exist"})",
      R"({"id":1,"pid":7})",
      R"({"id":1,"stats":{"type":"stats"}})",
      R"({"id":1,"processes":[{"pid":7,"parent":1,"user":33,"cpuMs":120,"command":"nginx: worker"}]})",
      R"({"id":1,"processes":[{"pid":7,"parent":1,"user":33,"cpuMs":120,"command":"nginx: worker"}],"more":true})",
      R"({"id":1,"processes":[]})",
      R"({"event":"exit","container":"c","session":"s","code":3})",
      R"({"event":"exit","container":"c","session":"","signal":9})",
      R"({"event":"oom","container":"c"})",
  };
  for (const std::string_view text : texts) {
    const Result<Message> message = parse_message(text);
    ASSERT_TRUE(message) << text;
    EXPECT_EQ(format_message(*message), text);
  }
}

TEST(Messages, OfAGuestAreFewValuesAndBytes) {
  std::string pids = R"({"id":1,"pids":[1)";
  for (size_t i = 0; i < kGuestMessageLimits.max_values; ++i) {
    pids += ",1";
  }
  EXPECT_FALSE(parse_message(pids + "]}"));
  EXPECT_FALSE(parse_message(R"({"id":1,"error":")" + std::string(kGuestMessageLimits.max_bytes, 'e') + "\"}"));
}

}  // namespace
}  // namespace redoubt::vm
