#include "policy/authoring/oci_seccomp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/document/read_document.h"

namespace redoubt::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string seccomp_refusal(std::string_view text) {
  const Result<Converted> made = convert_to_profile(text, "s.json", "x");
  return made ? "" : made.error().message();
}

std::vector<std::string> texts(const std::vector<Note>& notes) {
  std::vector<std::string> out;
  for (const Note& note : notes) {
    out.push_back(note_text(note));
  }
  return out;
}

TEST(OciSeccomp, TellsWhatAListOfNamesCannotSay) {
  const Result<Converted> made = convert_to_profile(
      R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
{"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}]},
{"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_BPF"]}},
{"names": ["kill"], "action": "SCMP_ACT_TRACE"}]})",
      "s.json",
      "x");
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_THAT(texts(made->notes),
              ElementsAre(HasSubstr("/syscalls/1: wider: is for some arguments only"),
                          HasSubstr("/syscalls/2: tighter: is for some hosts or capabilities only"),
                          HasSubstr("/syscalls/3: other: \"SCMP_ACT_TRACE\" is not carried over")));
  const Result<Document> profile = read_document(made->text, "x.json");
  ASSERT_TRUE(profile) << profile.error().message();
  const FieldValue& allowed = (*profile)[Field::kSyscallsAllow];
  EXPECT_NE(find_entry(allowed, "personality"), nullptr);
  EXPECT_EQ(find_entry(allowed, "bpf"), nullptr);
  EXPECT_EQ(allowed.entries.size(), 3U);
}

TEST(OciSeccomp, RefusesWhatIsNoListOfWhatIsAllowed) {
  EXPECT_THAT(seccomp_refusal(R"({"syscalls": []})"), HasSubstr("needs \"defaultAction\""));
  EXPECT_THAT(seccomp_refusal(R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []})"),
              HasSubstr("lets through what is not listed"));
  EXPECT_THAT(seccomp_refusal(R"({"defaultAction": "SCMP_ACT_ERRNO"})"), HasSubstr("needs \"syscalls\""));
  EXPECT_THAT(seccomp_refusal(R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["@x"], "action": "SCMP_ACT_ALLOW"}]})"),
              HasSubstr("/syscalls/0/names: must hold names"));
  EXPECT_THAT(seccomp_refusal(R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"]}]})"),
              HasSubstr("needs \"action\""));
  EXPECT_THAT(seccomp_refusal(R"({"kind": "SeccompProfile", "apiVersion": "security-profiles-operator.x-k8s.io/v1beta1"})"), HasSubstr("needs \"spec\""));
}

TEST(OciSeccomp, LeavesOutWhatTheProfileDeniesElsewhere) {
  const Result<Document> profile = read_document(
      R"({"apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "x",
"kernel": {"bpf": {"value": "deny", "reason": "r"}},
"process": {"noNewPrivileges": {"value": true, "reason": "r"}},
"syscalls": {"allow": [{"names": ["read", "bpf", "kill"], "reason": "r"}], "deny": [{"names": ["kill"], "reason": "r"}]}})",
      "x.json");
  ASSERT_TRUE(profile) << profile.error().message();
  const Result<Converted> made = to_oci_seccomp(*profile, {});
  ASSERT_TRUE(made);
  EXPECT_THAT(json::dump(*json::parse(made->text, "made")), HasSubstr(R"("names":["read"])"));
  EXPECT_THAT(texts(made->notes), ElementsAre(HasSubstr("process.noNewPrivileges")));
  EXPECT_FALSE(to_oci_seccomp(Document(), {}));
}

}  // namespace
}  // namespace redoubt::policy
