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

TEST(OciSeccomp, KnowsWhomARuleIsFor) {
  const Result<Converted> made = convert_to_profile(
      R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "syscalls": [
{"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
{"names": ["arch_prctl"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64", "x32"]}},
{"names": ["sync_file_range2"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["ppc64le"]}},
{"names": ["clone"], "action": "SCMP_ACT_ALLOW", "excludes": {"caps": ["CAP_SYS_ADMIN"], "arches": ["s390"]}},
{"names": ["uselib"], "action": "SCMP_ACT_ALLOW", "excludes": {"arches": ["amd64"]}},
{"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"], "arches": []}},
{"names": ["landlock_add_rule"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "5.13"}},
{"names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {}, "excludes": {}}]})",
      "s.json",
      "x");
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_THAT(texts(made->notes),
              ElementsAre(HasSubstr("/defaultErrnoRet: other: error 38 is not carried over"),
                          HasSubstr("/syscalls/2: other: is for other architectures"),
                          HasSubstr("/syscalls/3: wider: is for who lacks some capabilities only"),
                          HasSubstr("/syscalls/4: other: is for other architectures"),
                          HasSubstr("/syscalls/5: tighter: is for some hosts or capabilities only"),
                          HasSubstr("/syscalls/6: tighter: is for some hosts or capabilities only")));
  const Result<Document> profile = read_document(made->text, "x.json");
  ASSERT_TRUE(profile) << profile.error().message();
  std::vector<std::string> allowed;
  for (const Entry& entry : (*profile)[Field::kSyscallsAllow].entries) {
    allowed.push_back(entry.key);
  }
  EXPECT_THAT(allowed, ElementsAre("arch_prctl", "clone", "ptrace", "read"));
}

TEST(OciSeccomp, TellsOfAnAnswerThatEndsTheProcess) {
  const Result<Converted> made =
      convert_to_profile(R"({"defaultAction": "SCMP_ACT_KILL_PROCESS", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]})", "s.json", "x");
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_THAT(texts(made->notes), ElementsAre(HasSubstr("/defaultAction: other: \"SCMP_ACT_KILL_PROCESS\" is not carried over")));
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
