#include "policy/authoring/oci_seccomp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/document/read_document.h"

namespace redoubt::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string seccomp_refusal(std::string_view text) {
  const Result<Converted> made = from_seccomp(text, "s.json", "x");
  return made ? "" : made.error().message();
}

TEST(OciSeccomp, TellsWhatAListOfNamesCannotSay) {
  const Result<Converted> made = from_seccomp(
      R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
{"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}]},
{"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_BPF"]}},
{"names": ["kill"], "action": "SCMP_ACT_TRACE"}]})",
      "s.json",
      "x");
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_THAT(made->notes,
              ElementsAre(HasSubstr("/syscalls/1: is for some arguments only"),
                          HasSubstr("/syscalls/2: is for some hosts or capabilities only"),
                          HasSubstr("/syscalls/3: SCMP_ACT_TRACE is not carried over")));
  const Result<Document> profile = read_document(json::dump(made->document), "x.json");
  ASSERT_TRUE(profile) << profile.error().message();
  const FieldValue& allowed = (*profile)[Field::kSyscallsAllow];
  EXPECT_NE(find_entry(allowed, "personality"), nullptr);
  EXPECT_EQ(find_entry(allowed, "bpf"), nullptr);
  EXPECT_EQ(allowed.entries.size(), 3U);
}

TEST(OciSeccomp, RefusesWhatIsNoListOfWhatIsAllowed) {
  EXPECT_THAT(seccomp_refusal("[]"), HasSubstr("is no seccomp profile"));
  EXPECT_THAT(seccomp_refusal("{}"), HasSubstr("needs \"defaultAction\""));
  EXPECT_THAT(seccomp_refusal(R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []})"),
              HasSubstr("lets through what is not listed"));
  EXPECT_THAT(seccomp_refusal(R"({"defaultAction": "SCMP_ACT_ERRNO"})"), HasSubstr("needs \"syscalls\""));
  EXPECT_THAT(seccomp_refusal(R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["@x"], "action": "SCMP_ACT_ALLOW"}]})"),
              HasSubstr("/syscalls/0/names: must hold names"));
  EXPECT_THAT(seccomp_refusal(R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"]}]})"),
              HasSubstr("needs \"action\""));
  EXPECT_THAT(seccomp_refusal(R"({"kind": "SeccompProfile"})"), HasSubstr("is no seccomp profile"));
}

TEST(OciSeccomp, LeavesOutWhatTheProfileDeniesElsewhere) {
  const Result<Document> profile = read_document(
      R"({"apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "x",
"kernel": {"bpf": {"value": "deny", "reason": "r"}},
"process": {"noNewPrivileges": {"value": true, "reason": "r"}},
"syscalls": {"allow": [{"names": ["read", "bpf", "kill"], "reason": "r"}], "deny": [{"names": ["kill"], "reason": "r"}]}})",
      "x.json");
  ASSERT_TRUE(profile) << profile.error().message();
  const Result<Converted> made = to_oci_seccomp(*profile);
  ASSERT_TRUE(made);
  EXPECT_THAT(json::dump(made->document), HasSubstr(R"("names":["read"])"));
  EXPECT_THAT(made->notes, ElementsAre(HasSubstr("process.noNewPrivileges")));
  EXPECT_FALSE(to_oci_seccomp(Document()));
}

}  // namespace
}  // namespace redoubt::policy
