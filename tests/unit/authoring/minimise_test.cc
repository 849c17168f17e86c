// The laws of minimise: what it writes means exactly the same, is never longer, and minimises to itself.
#include "policy/authoring/minimise.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../policy/documents.h"
#include "base/json.h"
#include "policy/authoring/generalise.h"
#include "policy/document/merge.h"
#include "policy/document/write_document.h"
#include "policy/harden.h"

namespace redoubt::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Resolved {
  Document raw, all;
};

Resolved resolved(const std::string& text) {
  Resolved out;
  const Result<Document> raw = read_source(SourceText{text, "p.json"});
  EXPECT_TRUE(raw.has_value()) << (raw ? "" : raw.error().message());
  const Result<Document> all = load_profile(lookup_with(text), "p");
  EXPECT_TRUE(all.has_value()) << (all ? "" : all.error().message());
  return {*raw, *all};
}

MinimiseBase base_of(const std::string& name) {
  return {{name}, *load_profile(lookup_with(), name)};
}

std::vector<MinimiseBase> all_bases() {
  std::vector<MinimiseBase> bases(1);
  for (const EmbeddedProfile& profile : embedded_profiles()) {
    bases.push_back(base_of(std::string(profile.name)));
  }
  return bases;
}

// Also where a host lacks something: the field's own rule says whether that is an error.
void expect_same(const Document& a, const Document& b, const std::string& text) {
  const Document x = meet(a, a);
  const Document y = meet(b, b);
  for (const FieldInfo& info : field_table()) {
    ASSERT_TRUE(same_value(info, x[info.field], y[info.field]))
        << info.path << ": " << value_text(info, x[info.field]) << " became " << value_text(info, y[info.field]) << "\n" << text;
    if (x[info.field].present) {
      ASSERT_EQ(x.rule_of(info.field).best_effort, y.rule_of(info.field).best_effort) << info.path << "\n" << text;
    }
  }
}

// Minimises `text` onto every base; the number of those that fit.
int expect_laws(const std::string& text) {
  const Resolved profile = resolved(text);
  int fit = 0;
  for (const MinimiseBase& base : all_bases()) {
    const Result<Minimised> shorter = minimise(profile.raw, profile.all, base);
    if (!shorter) {
      EXPECT_FALSE(shorter.error().message().empty());
      continue;
    }
    ++fit;
    const std::string written = json::dump(to_json(shorter->document));
    const Resolved again = resolved(written);
    expect_same(profile.all, again.all, written);
    EXPECT_EQ(again.raw.extends, base.extends);
    const Result<Minimised> twice = minimise(again.raw, again.all, base);
    EXPECT_TRUE(twice.has_value() && json::dump(to_json(twice->document)) == written) << written;
  }
  return fit;
}

std::string file_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// As another profile, "p", so that it can extend what it is.
std::string renamed(Document document) {
  document.name = "p";
  return json::dump(to_json(document));
}

TEST(Minimise, KeepsTheMeaningOfShippedProfiles) {
  for (const EmbeddedProfile& profile : embedded_profiles()) {
    SCOPED_TRACE(profile.name);
    EXPECT_GE(expect_laws(renamed(profile.document())), 2);  // none, and itself
    EXPECT_GE(expect_laws(renamed(*load_profile(lookup_with(), std::string(profile.name)))), 2);  // as a flat copy
  }
}

TEST(Minimise, LeavesNothingOfACopy) {
  for (const EmbeddedProfile& profile : embedded_profiles()) {
    const Resolved own = resolved(profile_text(concat(R"(,"extends":[")", profile.name, "\"]")));
    const Result<Minimised> result = minimise(own.raw, own.all, base_of(std::string(profile.name)));
    ASSERT_TRUE(result.has_value()) << result.error().message();
    EXPECT_EQ(written_size(result->document).rules, 0U) << profile.name;
  }
}

// The recordings that the fuzz target starts from, as profiles.
TEST(Minimise, KeepsTheMeaningOfRecordedProfiles) {
  int recordings = 0;
  for (const auto& entry : std::filesystem::directory_iterator(REDOUBT_TESTDATA "/../fuzz/corpus/recording_fuzz")) {
    const Result<Recording> recording = read_recording(file_text(entry.path()), "r.json");
    if (!recording) {
      continue;
    }
    SCOPED_TRACE(entry.path());
    const std::string text = json::dump(generalise(*recording, {"p", "r.json", {}}).profile);
    EXPECT_GE(expect_laws(text), 1);  // default, at least
    ++recordings;
  }
  EXPECT_GE(recordings, 3);
}

TEST(Minimise, KeepsTheMeaningOfRandomProfiles) {
  RandomDocuments random(11);
  constexpr int kRounds = 15;
  const char* bases[] = {"default", "restricted", "web-server", "builder"};
  for (int i = 0; i < kRounds; ++i) {
    Document document = random.next(25);
    document.name = "p";
    document.extends = {bases[random.below(4)]};
    for (const FieldInfo& info : field_table()) {
      FieldValue& value = document[info.field];
      const bool unwritable = (info.type == FieldType::kNumbers || info.type == FieldType::kTexts) && value.entries.empty();
      if (info.scope == Scope::kNodeOnly || unwritable || info.type == FieldType::kText) {
        value = {};
      }
    }
    expect_laws(json::dump(to_json(document)));
    if (HasFatalFailure()) {
      return;
    }
  }
}

TEST(Minimise, LeavesOutWhatTheBaseSaysAndTellsWho) {
  const Resolved profile = resolved(profile_text(
      R"(,"mode":{"value":"preferred","reason":"m"},"extends":["default"],"kernel":{"bpf":{"value":"deny","reason":"mine"},)"
      R"("rawIo":{"value":"audit","reason":"weaker than default"}},"limits":{"pids":{"value":50,"reason":"few"}})"));
  const Result<Minimised> result = minimise(profile.raw, profile.all, base_of("default"));
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_FALSE(result->document[Field::kBpf].present);
  EXPECT_TRUE(result->document[Field::kPidsLimit].present);
  EXPECT_TRUE(result->document[Field::kMode].present);  // its rules are best effort by its own mode
  ASSERT_FALSE(result->omitted.empty());
  EXPECT_EQ(result->omitted.front().field, "kernel.bpf");
  EXPECT_THAT(result->omitted.front().what, ElementsAre("deny"));
  EXPECT_THAT(result->omitted.front().place, HasSubstr("default.json:"));
}

TEST(Minimise, TellsWhatStaysForTheSakeOfItsMode) {
  const Resolved profile = resolved(profile_text(R"(,"extends":["default"],"kernel":{"bpf":{"value":"deny","reason":"mine"}})"));
  const Result<Minimised> result = minimise(profile.raw, profile.all, base_of("default"));
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_TRUE(result->document[Field::kBpf].present);
  ASSERT_EQ(result->omitted.size(), 1U);
  EXPECT_TRUE(result->omitted[0].stays);
  EXPECT_THAT(result->omitted[0].why, HasSubstr("this profile does not"));
}

// A profile that extends one with a stricter mode keeps its own: what it gives up, it gives up.
TEST(Minimise, FitsOnWhatTheProfileExtendsWhateverTheModes) {
  const char* modes[] = {"", R"("mode":{"value":"audit","reason":"m"},)", R"("mode":{"value":"preferred","reason":"m"},)",
                         R"("mode":{"value":"required","reason":"m"},)"};
  for (const char* own : modes) {
    for (const char* theirs : modes) {
      const Result<Document> raw = read_source(SourceText{
          profile_text(concat(",", own, R"("kernel":{"bpf":{"value":"deny","reason":"r"},"perf":{"value":"deny","reason":"r"}})")), "p.json"});
      const Result<Document> base = read_source(SourceText{
          profile_text(concat(",", theirs, R"("kernel":{"bpf":{"value":"deny","reason":"r"}})"), "base"), "base.json"});
      ASSERT_TRUE(raw && base);
      const Document all = meet(*raw, *base);
      const Result<Minimised> result = minimise(*raw, all, {{"base"}, *base});
      ASSERT_TRUE(result.has_value()) << own << theirs << result.error().message();
      const std::string written = json::dump(to_json(result->document));
      const Result<Document> again = read_source(SourceText{written, "p.json"});
      ASSERT_TRUE(again.has_value());
      expect_same(all, meet(*again, *base), written);
    }
  }
}

TEST(Minimise, LeavesOutWhatAnotherRuleSays) {
  const Resolved profile = resolved(profile_text(
      R"(,"files":{"read":[{"paths":["/usr","/etc"],"reason":"r"},{"paths":["/usr/lib","/usr/share"],"reason":"r"}]},)"
      R"("syscalls":{"deny":[{"names":["bpf","mount"],"reason":"r"},{"names":["mount"],"reason":"again"}]},)"
      R"("network":{"connect":[{"address":"any","ports":["1-65535"],"reason":"r"},{"address":"10.0.0.0/8","ports":["53"],"protocol":"udp","reason":"r"}]})"));
  const Result<Minimised> result = minimise(profile.raw, profile.all, MinimiseBase());
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_EQ(written_size(profile.raw).rules, 5U);  // the writer drops a rule without a name of its own
  EXPECT_EQ(written_size(result->document).rules, 3U);
  ASSERT_EQ(result->omitted.size(), 3U);
  EXPECT_THAT(result->omitted[0].why, HasSubstr("lies in udp 0.0.0.0/0 1-65535: r"));
  EXPECT_THAT(result->omitted[1].what, ElementsAre("/usr/lib", "/usr/share"));
  EXPECT_THAT(result->omitted[1].why, HasSubstr("lies in /usr"));
  EXPECT_THAT(result->omitted[2].what, ElementsAre("again"));
}

TEST(Minimise, LeavesOutAListOfWhatIsReadAnyway) {
  const Resolved profile = resolved(profile_text(
      R"(,"files":{"read":[{"paths":["/usr"],"reason":"r"}],"list":[{"paths":["/usr/lib","/srv"],"reason":"l"}]})"));
  const Result<Minimised> result = minimise(profile.raw, profile.all, MinimiseBase());
  ASSERT_TRUE(result.has_value()) << result.error().message();
  ASSERT_EQ(result->omitted.size(), 1U);
  EXPECT_THAT(result->omitted[0].what, ElementsAre("/usr/lib"));
  EXPECT_THAT(result->omitted[0].why, HasSubstr("lies in /usr: r"));
  EXPECT_EQ(value_text(info_of(Field::kFilesList), result->document[Field::kFilesList]), "/srv");
}

TEST(Minimise, WritesDownWhatALeftBaseSaid) {
  const Resolved profile = resolved(profile_text(R"(,"extends":["restricted"])"));
  const Result<Minimised> flat = minimise(profile.raw, profile.all, MinimiseBase());
  if (flat) {  // restricted is required, default preferred: one document may not say both
    expect_same(profile.all, resolved(json::dump(to_json(flat->document))).all, "");
  } else {
    EXPECT_THAT(flat.error().message(), HasSubstr("the profile says"));
  }
  const Result<Minimised> on_default = minimise(profile.raw, profile.all, base_of("default"));
  ASSERT_TRUE(on_default.has_value()) << on_default.error().message();
  EXPECT_GT(written_size(on_default->document).rules, 3U);
}

TEST(Minimise, RefusesABaseThatIsTighter) {
  const Resolved profile = resolved(profile_text(R"(,"extends":["default"])"));
  const Result<Minimised> result = minimise(profile.raw, profile.all, base_of("untrusted"));
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().message(), HasSubstr("extends untrusted: isolation: the profile says (no opinion), the base vm"));
}

}  // namespace
}  // namespace redoubt::policy
