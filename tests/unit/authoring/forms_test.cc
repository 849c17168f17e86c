#include "policy/authoring/forms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/fuzz/round_trip.h"

namespace redoubt::policy {
namespace {

using ::testing::HasSubstr;

std::string text_of_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::filesystem::path> samples() {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(REDOUBT_TESTDATA "/authoring/convert")) {
    found.push_back(entry.path());
  }
  return found;
}

void expect_round_trips(const Document& profile, const std::string& name) {
  for (const Form& form : form_table()) {
    if (form.read != nullptr) {
      EXPECT_EQ(round_trip_problem(profile, form), "") << name << " as " << form.name;
    }
  }
}

TEST(Forms, EverySampleGoesToEachFormAndBack) {
  const std::vector<std::filesystem::path> all = samples();
  EXPECT_GE(all.size(), 20U);
  for (const std::filesystem::path& path : all) {
    const std::string name = path.filename();
    const Result<Converted> made = convert_to_profile(text_of_file(path), name, "sample");
    ASSERT_TRUE(made) << made.error().message();
    const Result<Document> profile = read_document(made->text, name);
    ASSERT_TRUE(profile) << profile.error().message();
    expect_round_trips(*profile, name);
  }
}

TEST(Forms, AFormKeepsWhatItCanSay) {
  const Result<Document> profile = read_document(R"({"apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "x",
"mode": {"value": "audit", "reason": "r"},
"capabilities": {"allow": [{"names": ["CAP_KILL"], "reason": "r"}]},
"kernel": {"mounts": {"value": "deny", "reason": "r"}, "ptrace": {"value": "audit", "reason": "r"}, "ptraceOutside": {"value": "deny", "reason": "r"}},
"network": {"families": [{"names": ["AF_INET", "AF_UNIX"], "reason": "r"}]},
"files": {"read": [{"paths": ["/"], "reason": "r"}], "write": [{"paths": ["/a b", "/data"], "reason": "r"}], "execute": [{"paths": ["/usr"], "reason": "r"}],
  "masked": [{"paths": ["/proc/kcore"], "reason": "r"}], "readonly": [{"paths": ["/sys"], "reason": "r"}]},
"limits": {"rlimits": [{"name": "RLIMIT_NOFILE", "value": 1024, "reason": "r"}]},
"landlock": {"scopes": [{"names": ["signals"], "reason": "r"}]}})", "x.json");
  ASSERT_TRUE(profile) << profile.error().message();
  const Trip back = trip(*profile, *find_form("apparmor"));
  for (const Difference& difference : differences(*profile, back.profile)) {
    ADD_FAILURE() << info_of(difference.field).path << ": " << difference.before << " -> " << difference.after;
  }
}

TEST(Forms, ShippedProfilesGoToEachFormAndBack) {
  for (const auto& entry : std::filesystem::directory_iterator(REDOUBT_TESTDATA "/../../profiles")) {
    if (entry.path().extension() == ".json") {
      const Result<Document> profile = read_document(text_of_file(entry.path()), entry.path().filename());
      ASSERT_TRUE(profile) << profile.error().message();
      expect_round_trips(*profile, entry.path().filename());
    }
  }
}

TEST(Forms, AnUnknownTextIsRefusedWithTheFormsThatAreKnown) {
  const auto refusal = [](std::string_view text) {
    const Result<Converted> made = convert_to_profile(text, "f", "x");
    return made ? "" : made.error().message();
  };
  EXPECT_THAT(refusal("{}"), HasSubstr("f: has none of the forms that are known: apparmor, kubearmor"));
  EXPECT_THAT(refusal("kind: Pod\napiVersion: v1\n"), HasSubstr("has none of the forms"));
  EXPECT_THAT(refusal("{\"a\": "), HasSubstr("unexpected end"));
  EXPECT_THAT(refusal("a: [\n"), HasSubstr("is no YAML"));
  EXPECT_THAT(refusal(std::string(kMaxFormBytes + 1, ' ')), HasSubstr("larger than"));
}

}  // namespace
}  // namespace redoubt::policy
