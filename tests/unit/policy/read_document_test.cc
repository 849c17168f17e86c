#include "policy/document/read_document.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "documents.h"
#include "policy/document/merge.h"
#include "policy/document/schema.h"
#include "policy/document/write_document.h"

namespace redoubt::policy {
namespace {

using testing::HasSubstr;

std::string refusal_of(const std::string& text, const ReadOptions& options = {}) {
  const Result<Document> document = read_document(text, "web.json", options);
  return document ? "" : document.error().message();
}

TEST(ReadDocument, NamesFileLineAndPointer) {
  EXPECT_EQ(refusal_of("{\n\"apiVersion\": \"redoubt.io/v1\",\n\"kind\": \"Profile\", \"name\": \"p\",\n"
                     "\"capabilities\": {\n\"deny\": [{\"nmaes\": [],\n\"reason\": \"r\"}]}}"),
            R"(web.json:5: /capabilities/deny/0: unknown key "nmaes"; a rule here has names and reason)");
}

TEST(ReadDocument, RefusesWhatIsNoRule) {
  const struct {
    const char* members;
    const char* expected;
  } cases[] = {
      {R"(,"modus":1)", "unknown key \"modus\"; redoubt profile fields lists all that there are"},
      {R"(,"extends":"default")", "/extends: must be an array of at most 8 names, such as [\"default\"]"},
      {R"(,"extends":["De"])", "/extends: must hold names of profiles; one has up to 63 small letters"},
      {R"(,"kernel":{"bpfs":{"value":"deny","reason":"r"}})", "/kernel: unknown key \"bpfs\""},
      {R"(,"kernel":{"bpf":{"value":"deny"}})", "every rule needs a \"reason\""},
      {R"(,"kernel":{"bpf":{"value":"deny","reason":"  "}})", "every rule needs a \"reason\""},
      {R"(,"kernel":{"bpf":{"value":"no","reason":"r"}})", "must be one of: allow, audit, deny"},
      {R"(,"kernel":{"bpf":"deny"})", "must be an object, got string; a rule here has value and reason"},
      {R"(,"process":{"nonRoot":{"value":1,"reason":"r"}})", "must be true or false"},
      {R"(,"capabilities":{"deny":[]})", "at least one rule"},
      {R"(,"capabilities":{"deny":[{"names":["CHOWN"],"reason":"r"}]})", "is not a capability; such are CAP_CHOWN"},
      {R"(,"syscalls":{"deny":[{"names":["@all"],"reason":"r"}]})", "is no set of system calls; there are @container and @rare"},
      {R"(,"network":{"families":[{"names":["INET"],"reason":"r"}]})", "is not an address family; such are AF_INET"},
      {R"(,"network":{"bind":[{"address":"any","ports":["70000"],"reason":"r"}]})", "with ports up to 65535"},
      {R"(,"capabilities":{"deny":{"names":["CAP_CHOWN"],"reason":"r"}})", "an array of at least one rule, got object"},
      {R"(,"files":{"masked":[{"paths":["/a/../b"],"reason":"r"}]})", "without \"//\""},
      {R"(,"files":{"masked":[{"paths":["a"],"reason":"r"}]})", "must be an absolute path"},
      {R"(,"network":{"connect":[{"address":"10.0.0.1/8","reason":"r"}]})", "no bits behind"},
      {R"(,"network":{"connect":[{"address":"any","ports":["0"],"reason":"r"}]})", "/ports: must be"},
      {R"(,"sysctls":[{"name":"kernel.core_pattern","value":"x","reason":"r"}])",
       "is not a namespaced kernel parameter"},
      {R"(,"limits":{"pids":{"value":0,"reason":"r"}})", "must be a positive integer"},
      {R"(,"node":{"privileged":{"value":"deny","reason":"r"}})", "only a NodePolicy may have this; take it out"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(refusal_of(profile_text(c.members)), HasSubstr(c.expected)) << c.members;
  }
}

TEST(ReadDocument, SkipsWhatBelongsToOthers) {
  EXPECT_EQ(refusal_of(profile_text(R"(,"x-owner":"me","kernel":{"x-note":1,"bpf":{"value":"deny","reason":"r","x-id":7}})")), "");
}

TEST(ReadDocument, TakesInlineRulesWithoutHeadAndWithinLimits) {
  const ReadOptions options{.kind = DocumentKind::kProfile, .is_inline = true};
  EXPECT_EQ(refusal_of(R"({"kernel":{"bpf":{"value":"deny","reason":"r"}}})", options), "");
  EXPECT_THAT(refusal_of(R"({"extends":["default"]})", options), HasSubstr("unknown key \"extends\""));
  EXPECT_NE(refusal_of(std::string(kMaxInlineBytes + 1, ' '), options), "");
}

TEST(ReadDocument, ReadsWhatIsWritten) {
  for (const EmbeddedProfile& profile : embedded_profiles()) {
    const Result<Document> first = load_profile(lookup_with(), std::string(profile.name));
    ASSERT_TRUE(first.has_value()) << first.error().message();
    Document flat = *first;
    flat.extends.clear();
    const Result<Document> again = read_document(json::dump(to_json(flat)), "written");
    ASSERT_TRUE(again.has_value()) << again.error().message();
    EXPECT_TRUE(differences(*first, *again).empty()) << profile.name;
  }
}

std::string file_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

bool same_entry(const Entry& a, const Entry& b) {
  return a.key == b.key && a.text == b.text && a.number == b.number && a.rule == b.rule &&
         a.conflict == b.conflict;
}

bool same_rule(const Rule& a, const Rule& b) {
  return a.source == b.source && a.line == b.line && a.reason == b.reason && a.hard == b.hard;
}

// What the build made of a profile is what reading its file gives, to the last rule.
TEST(EmbeddedProfiles, AreWhatTheirFilesSay) {
  EXPECT_GE(embedded_profiles().size(), 9U);
  for (const EmbeddedProfile& profile : embedded_profiles()) {
    const std::string source = concat("profiles/", profile.name, ".json");
    const Result<Document> read =
        read_document(file_text(concat(REDOUBT_TESTDATA, "/../../", source)), source);
    ASSERT_TRUE(read.has_value()) << read.error().message();
    const Document built = profile.document();
    EXPECT_EQ(built.kind, read->kind);
    EXPECT_EQ(built.name, read->name);
    EXPECT_EQ(built.description, read->description);
    EXPECT_EQ(built.extends, read->extends);
    EXPECT_TRUE(std::equal(built.rules.begin(), built.rules.end(),
                           read->rules.begin(), read->rules.end(), same_rule)) << source;
    for (const FieldInfo& info : field_table()) {
      const FieldValue& a = built[info.field];
      const FieldValue& b = (*read)[info.field];
      EXPECT_EQ(a.present, b.present) << source << ": " << info.path;
      EXPECT_EQ(a.conflict, b.conflict) << source << ": " << info.path;
      EXPECT_EQ(a.number, b.number) << source << ": " << info.path;
      EXPECT_EQ(a.text, b.text) << source << ": " << info.path;
      EXPECT_EQ(a.rule, b.rule) << source << ": " << info.path;
      EXPECT_TRUE(std::equal(a.entries.begin(), a.entries.end(),
                             b.entries.begin(), b.entries.end(), same_entry))
          << source << ": " << info.path;
    }
  }
}

// redoubt profile schema > profiles/schema/policy.schema.json
TEST(Schema, IsTheOneInTheTree) {
  const std::string root = REDOUBT_TESTDATA "/../../";
  EXPECT_EQ(json::dump(policy_schema(), json::Layout::kIndent2) + "\n",
            file_text(root + "profiles/schema/policy.schema.json"));
  EXPECT_EQ(fields_markdown(), file_text(root + "docs/policy-fields.md"));
}

}  // namespace
}  // namespace redoubt::policy
