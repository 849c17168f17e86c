#include "policy/simulate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "documents.h"

namespace redoubt::policy {
namespace {

Judgement judged(const std::string& members, const std::string& operation) {
  const Result<std::vector<Operation>> trace = parse_trace(operation, "t");
  EXPECT_TRUE(trace.has_value() && trace->size() == 1) << operation;
  return judge(document_of(members), trace->front());
}

TEST(ParseTrace, NamesTheLine) {
  for (const char* text : {"{}", "{\"syscall\":1}", "[]", "{\"open\":\"/a\"}", "{\"open\":\"/a\",\"access\":\"rq\"}"}) {
    const auto trace = parse_trace(concat("\n{\"syscall\":\"read\"}\n", text), "trace.jsonl");
    ASSERT_FALSE(trace.has_value()) << text;
    EXPECT_THAT(trace.error().message(), testing::HasSubstr("trace.jsonl:3"));
  }
}

TEST(ParseTrace, NamesTheColumnOfWhatIsNoJson) {
  const auto trace = parse_trace("{\"syscall\": \"read\"}\n{\"syscall\": }\n", "trace.jsonl");
  ASSERT_FALSE(trace);
  EXPECT_THAT(trace.error().message(), testing::StartsWith("trace.jsonl:2:13: "));
}

TEST(Judge, SaysWhichRuleDecides) {
  const std::string members =
      R"(,"kernel":{"bpf":{"value":"deny","reason":"why"},"perf":{"value":"audit","reason":"see"}},)"
      R"("syscalls":{"allow":[{"names":["read","bpf"],"reason":"few"}]})";
  const Judgement bpf = judged(members, R"({"syscall":"bpf"})");
  EXPECT_FALSE(bpf.allowed);
  EXPECT_EQ(bpf.field, "kernel.bpf");
  EXPECT_EQ(bpf.place, "test.json:1");
  EXPECT_EQ(bpf.reason, "why");
  EXPECT_TRUE(judged(members, R"({"syscall":"perf_event_open"})").audited);
  EXPECT_TRUE(judged(members, R"({"syscall":"read"})").allowed);
  EXPECT_EQ(judged(members, R"({"syscall":"write"})").field, "syscalls.allow");
  EXPECT_EQ(judged(members, R"({"syscall":"write"})").reason, "not in the list: few");
}

TEST(Judge, NamesTheRuleOfTheMaskItself) {
  const std::string members = R"(,"files":{"masked":[{"paths":["/a"],"reason":"first"},{"paths":["/b"],"reason":"second"}],)"
                              R"("readonly":[{"paths":["/c"],"reason":"third"},{"paths":["/d"],"reason":"fourth"}]})";
  EXPECT_EQ(judged(members, R"({"open":"/b/x","access":"r"})").reason, "second");
  EXPECT_EQ(judged(members, R"({"open":"/d","access":"w"})").reason, "fourth");
  EXPECT_TRUE(judged(members, R"({"open":"/d","access":"r"})").allowed);
}

TEST(Judge, KnowsTreesAndEndpoints) {
  const std::string members =
      R"(,"files":{"write":[{"paths":["/var"],"reason":"r"}]},)"
      R"("network":{"connect":[{"address":"10.0.0.0/8","ports":["443"],"protocol":"tcp","reason":"r"}]})";
  EXPECT_TRUE(judged(members, R"({"open":"/var/x","access":"rw"})").allowed);
  EXPECT_FALSE(judged(members, R"({"open":"/variable","access":"w"})").allowed);
  EXPECT_TRUE(judged(members, R"({"open":"/etc","access":"r"})").allowed);
  EXPECT_TRUE(judged(members, R"({"connect":"tcp 10.9.9.9 443"})").allowed);
  EXPECT_FALSE(judged(members, R"({"connect":"udp 10.9.9.9 443"})").allowed);
  EXPECT_TRUE(judged(members, R"({"bind":"tcp 0.0.0.0 80"})").allowed);
}

TEST(Judge, ListsWhatIsReadOrListed) {
  const std::string list = R"("list":[{"paths":["/srv"],"reason":"names"}]})";
  const std::string members = concat(R"(,"files":{"read":[{"paths":["/usr"],"reason":"r"}],)", list);
  for (const char* open : {R"({"open":"/srv/www","access":"l"})", R"({"open":"/usr/lib","access":"rl"})"}) {
    EXPECT_TRUE(judged(members, open).allowed) << open;
  }
  EXPECT_FALSE(judged(members, R"({"open":"/srv/www","access":"r"})").allowed);
  EXPECT_EQ(judged(members, R"({"open":"/home","access":"l"})").field, "files.list");
  EXPECT_EQ(judged(members, R"({"open":"/home","access":"l"})").reason, "not in the list: names");
  EXPECT_TRUE(judged(concat(R"(,"files":{)", list), R"({"open":"/home","access":"l"})").allowed);
}

}  // namespace
}  // namespace redoubt::policy
