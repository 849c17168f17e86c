// Which policy is in force: who wins, what is refused, and that nothing ever widens.
#include "policy/effective.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "documents.h"
#include "policy/document/merge.h"
#include "policy/document/write_document.h"
#include "specs.h"

namespace redoubt::policy {
namespace {

using testing::HasSubstr;
using Annotations = std::map<std::string, std::string>;

Result<Effective> choose(const Annotations& annotations,
                         const std::string& node = "",
                         const std::string& profile = "") {
  PolicySources sources{std::nullopt, lookup_with(profile)};
  if (!node.empty()) {
    sources.node = SourceText{node_text(node), "node.json"};
  }
  return choose_policy(sources, annotations);
}

TEST(ChoosePolicy, IsTheDefaultProfileWithoutAnything) {
  const Result<Effective> effective = choose({{"org.example", "x"}});
  ASSERT_TRUE(effective.has_value()) << error_of(effective);
  EXPECT_EQ(effective->profile, "default");
  EXPECT_TRUE(effective->is_plain_default);
  EXPECT_EQ(effective->document.level(Field::kBpf), 2U);
}

TEST(ChoosePolicy, RefusesUnknownKeys) {
  EXPECT_THAT(error_of(choose({{"io.redoubt.porfile", "default"}})), HasSubstr("unknown key"));
  EXPECT_THAT(error_of(choose({{"io.redoubt.container.web", "x"}})), HasSubstr("unknown key"));
  EXPECT_THAT(error_of(choose({{"io.redoubt.profile", "../x"}})), HasSubstr("not a profile's name"));
  EXPECT_THAT(error_of(choose({{"io.redoubt.profile", "missing"}})), HasSubstr("none of that name"));
  EXPECT_THAT(error_of(choose({{"io.redoubt.mode", "enforce"}})), HasSubstr("is none of: off, audit"));
}

TEST(ChoosePolicy, TightensByAnnotation) {
  const Result<Effective> effective = choose({{"io.redoubt.profile", "restricted"}});
  ASSERT_TRUE(effective.has_value()) << error_of(effective);
  EXPECT_EQ(effective->profile, "restricted");
  EXPECT_TRUE(wider_fields(effective->document, *load_profile(lookup_with(), "default")).empty());
}

TEST(ChoosePolicy, NamesFieldSourcesAndValuesOfAConflict) {
  EXPECT_EQ(error_of(choose({{"io.redoubt.mode", "off"}})),
            "annotations: mode: annotation io.redoubt.mode asks for off, profiles/default.json:6 "
            "allows preferred; an annotation can only tighten; leave this out, or name a profile that the node allows");
  const std::string wider = error_of(choose({{"io.redoubt.profile", "builder"}}));
  EXPECT_THAT(wider, HasSubstr("asks for allow, profiles/default.json:"));
  EXPECT_THAT(wider, HasSubstr("; node.allowedProfiles in the node's config.json would let it in"));
  EXPECT_THAT(error_of(choose({{"io.redoubt.profile", "Web"}})), HasSubstr("small letters, digits and \"-\""));
}

TEST(ChoosePolicy, SaysWhoNamesAProfileThatIsNotThere) {
  EXPECT_THAT(error_of(choose({}, R"(,"node": {"defaultProfile": {"value": "nothing", "reason": "r"}})")),
              HasSubstr("node.json:1: node.defaultProfile: profile \"nothing\": there is none of that name"));
  EXPECT_THAT(error_of(choose({{"io.redoubt.profile", "p"}}, "", profile_text(R"(,"extends":["nothing"])"))),
              HasSubstr("io.redoubt.profile: profile \"p\": /extends: profile \"nothing\": there is none of that name"));
}

TEST(ChoosePolicy, LetsANodeAllowAWiderProfileButNotItsOwnRules) {
  const std::string allowed =
      R"(,"node":{"allowedProfiles":[{"names":["builder"],"reason":"r"}]})";
  const Result<Effective> effective = choose({{"io.redoubt.profile", "builder"}}, allowed);
  ASSERT_TRUE(effective.has_value()) << error_of(effective);
  EXPECT_EQ(effective->document.level(Field::kMounts), 0U);
  const std::string rules = allowed + R"(,"kernel":{"mounts":{"value":"deny","reason":"r"}})";
  EXPECT_THAT(error_of(choose({{"io.redoubt.profile", "builder"}}, rules)),
              HasSubstr("kernel.mounts: profiles/builder.json"));
}

TEST(ChoosePolicy, ClampsWhenTheNodeSaysSo) {
  const Result<Effective> effective =
      choose({{"io.redoubt.mode", "audit"}},
             R"(,"node":{"onConflict":{"value":"clamp","reason":"r"}})");
  ASSERT_TRUE(effective.has_value()) << error_of(effective);
  EXPECT_EQ(effective->document.level(Field::kMode), 2U);
  EXPECT_EQ(effective->warnings.size(), 1U);
}

TEST(ChoosePolicy, AppliesKeysOfOneContainerToItAlone) {
  const Annotations annotations = {{"io.kubernetes.cri.container-name", "web"},
                                   {"io.redoubt.container.web.profile", "restricted"},
                                   {"io.redoubt.container.db.profile", "database"}};
  const Result<Effective> effective = choose(annotations);
  ASSERT_TRUE(effective.has_value()) << error_of(effective);
  EXPECT_EQ(effective->profile, "restricted");
}

constexpr char kKeepsRecordings[] = R"(,"node":{"recordings":{"value":"/var/lib/r","reason":"r"}})";

TEST(ChoosePolicy, RecordsWhereTheNodeKeepsRecordingsOnly) {
  const Result<Effective> recorded = choose({{"io.redoubt.record", "web_1.a-B"}}, kKeepsRecordings);
  ASSERT_TRUE(recorded.has_value()) << error_of(recorded);
  EXPECT_EQ(recorded->recording, "web_1.a-B");
  EXPECT_THAT(error_of(choose({{"io.redoubt.record", "web"}})), HasSubstr("keeps no recordings"));
  EXPECT_THAT(error_of(choose({{"io.redoubt.record", "web"}}, R"(,"mode":{"value":"audit","reason":"r"})")),
              HasSubstr("keeps no recordings"));
  EXPECT_EQ(choose({}, kKeepsRecordings)->recording, "");
  EXPECT_NE(error_of(choose({{"io.redoubt.profile", "p"}}, "", profile_text(kKeepsRecordings))), "");
}

TEST(ChoosePolicy, TakesNoPathForTheNameOfARecording) {
  for (const char* name : {"", ".", "..", "../a", "a/b", "/a", ".a", "-a", "a b", "a\n", "a\x01", "\xc3\xa4"}) {
    EXPECT_THAT(error_of(choose({{"io.redoubt.record", name}}, kKeepsRecordings)),
                HasSubstr("is not a recording's name"))
        << name;
  }
  EXPECT_EQ(error_of(choose({{"io.redoubt.record", std::string(63, 'a')}}, kKeepsRecordings)), "");
  EXPECT_THAT(error_of(choose({{"io.redoubt.record", std::string(64, 'a')}}, kKeepsRecordings)),
              HasSubstr("is not a recording's name"));
}

TEST(ChoosePolicy, RecordsOneContainerOfAPod) {
  const Annotations pod = {{"io.kubernetes.cri.container-name", "web"}, {"io.redoubt.container.web.record", "web"}};
  EXPECT_EQ(choose(pod, kKeepsRecordings)->recording, "web");
  const Annotations other = {{"io.kubernetes.cri.container-name", "db"}, {"io.redoubt.container.web.record", "web"}};
  EXPECT_EQ(choose(other, kKeepsRecordings)->recording, "");
}

TEST(ChoosePolicy, FindsCirclesOfExtends) {
  EXPECT_THAT(error_of(choose({{"io.redoubt.profile", "p"}}, "", profile_text(R"(,"extends":["p"])"))),
              HasSubstr("is a circle"));
}

// The rules of the node are the ceiling, whatever profiles and annotations say: either an error, or
// a result below it and below the node's profile.
TEST(ChoosePolicy, NeverWidensOverTenThousandRandomTriples) {
  RandomDocuments random(7);
  int accepted = 0;
  for (int i = 0; i < 10000; ++i) {
    Document node = random.next(15);
    for (const FieldInfo& info : field_table()) {
      if (info.scope == Scope::kNodeOnly) {
        node[info.field] = {};
      }
    }
    Document asked = random.next(15);
    Document effective = meet(meet(node, asked), random.next(40));
    ASSERT_TRUE(wider_fields(effective, node).empty());
    ASSERT_TRUE(wider_fields(effective, asked).empty());
    // The same through the texts, for what a person could have written.
    const char* const words[] = {"off", "audit", "preferred", "required"};
    const uint32_t node_mode = random.below(4);
    const uint32_t asked_mode = random.below(4);
    const uint32_t bpf = random.below(3);
    const uint32_t asked_bpf = random.below(3);
    const char* const actions[] = {"allow", "audit", "deny"};
    const Result<Effective> chosen =
        choose({{"io.redoubt.mode", words[asked_mode]},
                {"io.redoubt.policy",
                 concat(R"({"kernel":{"bpf":{"value":")", actions[asked_bpf], R"(","reason":"r"}}})")}},
               concat(R"(,"mode":{"value":")", words[node_mode],
                      R"(","reason":"r"},"kernel":{"bpf":{"value":")", actions[bpf],
                      R"(","reason":"r"}})"),
               "");
    const bool widens = asked_mode < std::max(node_mode, 2U) || asked_bpf < 2;
    ASSERT_EQ(chosen.has_value(), !widens) << error_of(chosen);
    if (chosen) {
      ++accepted;
      ASSERT_GE(chosen->document.level(Field::kMode), node_mode);
      ASSERT_EQ(chosen->document.level(Field::kBpf), 2U);
    }
  }
  EXPECT_GT(accepted, 500);
}

TEST(ChoosePolicy, AnImposedProfileIsInForceWhateverIsAsked) {
  PolicySources sources{std::nullopt, lookup_with(profile_text(R"(,"process":{"nonRoot":{"value":true,"reason":"r"}})"))};
  sources.imposed = "p";
  const Result<Effective> effective = choose_policy(sources, {{"io.redoubt.profile", "restricted"}});
  ASSERT_TRUE(effective) << error_of(effective);
  EXPECT_EQ(effective->profile, "p");
  EXPECT_FALSE(effective->is_plain_default);
}

}  // namespace
}  // namespace redoubt::policy
