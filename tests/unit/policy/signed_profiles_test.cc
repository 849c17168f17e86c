// node.signedBy: whom a node takes profiles from, and by which ways they come.
#include "policy/signed_profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "documents.h"
#include "keys.h"
#include "policy/signature/signature.h"

namespace redoubt::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A node with profiles as files, and what lies beside them.
struct Node {
  std::map<std::string, std::string> profiles, signatures;
  std::string text;

  void signed_by(std::initializer_list<unsigned char> keys) {
    std::string names;
    for (const unsigned char key : keys) {
      names += concat(names.empty() ? "" : ",", "\"", to_text(key_of(key).public_key()), "\"");
    }
    text = node_text(concat(R"(,"node":{"signedBy":[{"names":[)", names, R"(],"reason":"r"}]})"));
  }
  void add(const std::string& name, unsigned char key, const std::string& members = "") {
    profiles[name] = profile_text(members, name);
    if (key != 0) {
      signatures[name] = to_text(sign_profile(profiles[name], key_of(key)));
    }
  }

  Result<Effective> choose(const std::string& profile, const std::string& imposed = "") const {
    const auto find_in = [](const std::map<std::string, std::string>& files, std::string ending) {
      return [&files, ending](const std::string& name) -> Result<std::optional<SourceText>> {
        const auto found = files.find(name);
        return found == files.end() ? std::optional<SourceText>()
                                    : SourceText{found->second, concat("/p/", name, ending)};
      };
    };
    const ProfileLookup files = find_in(profiles, ".json");
    PolicySources sources{std::nullopt, [files](const std::string& name) -> Result<std::optional<SourceText>> {
                            TRY_ASSIGN(std::optional<SourceText> file, files(name));
                            return file ? file : find_embedded_profile(name);
                          }};
    if (!text.empty()) {
      sources.node = SourceText{text, "config.json"};
    }
    sources.imposed = imposed;
    sources.find_signature = find_in(signatures, ".json.sig");
    std::map<std::string, std::string> annotations;
    if (!profile.empty()) {
      annotations["io.redoubt.profile"] = profile;
    }
    return choose_policy(sources, annotations);
  }

  std::string refusal(const std::string& profile, const std::string& imposed = "") const {
    const Result<Effective> effective = choose(profile, imposed);
    return effective ? "taken" : effective.error().message();
  }
};

TEST(SignedBy, AsksForNothingWhenAbsent) {
  Node node;
  node.add("web", 0);
  const Result<Effective> effective = node.choose("web");
  ASSERT_TRUE(effective.has_value()) << effective.error().message();
  EXPECT_TRUE(effective->signers.empty());
}

TEST(SignedBy, TakesWhatEachOfItsKeysSigned) {
  Node node;
  node.signed_by({1, 2});
  node.add("old", 1);
  node.add("new", 2);
  ASSERT_EQ(node.refusal("old"), "taken");
  const Result<Effective> effective = node.choose("new");
  ASSERT_TRUE(effective.has_value()) << effective.error().message();
  EXPECT_THAT(effective->signers, ElementsAre("default: built in", concat("new: key ", key_id(key_of(2).public_key()))));
}

TEST(SignedBy, NamesProfileReasonAndRemedy) {
  Node node;
  node.signed_by({1});
  node.add("web", 0);
  EXPECT_EQ(node.refusal("web"),
            "annotation io.redoubt.profile: profile \"web\": node.signedBy (config.json:1): /p/web.json is not signed: "
            "there is no /p/web.json.sig; look at it, and sign it: redoubt profile sign --key FILE /p/web.json");
  node.add("web", 2);
  EXPECT_THAT(node.refusal("web"), HasSubstr(concat("signed by key ", key_id(key_of(2).public_key()), ", and not by ",
                                                    key_id(key_of(1).public_key()))));
}

TEST(SignedBy, RefusesWhatWasChangedOrSignedForAnother) {
  Node node;
  node.signed_by({1});
  node.add("web", 1);
  node.add("other", 1, R"(,"description":"d")");
  node.profiles["web"] += " ";
  EXPECT_THAT(node.refusal("web"), HasSubstr("it was changed since, or the signature is that of another file"));
  node.add("web", 1);
  node.signatures["web"] = node.signatures["other"];
  EXPECT_THAT(node.refusal("web"), HasSubstr("signature is that of another file"));
}

// Renamed with its signature, a profile is still the one that was signed.
TEST(SignedBy, DoesNotLetAProfileTakeAnothersName) {
  Node node;
  node.signed_by({1});
  node.add("lax", 1);
  node.profiles["strict"] = node.profiles["lax"];
  node.signatures["strict"] = node.signatures["lax"];
  EXPECT_THAT(node.refusal("strict"), HasSubstr("is \"lax\", the file is for \"strict\""));
}

TEST(SignedBy, DoesNotBelieveTheKeyIdOfASignature) {
  Node node;
  node.signed_by({1});
  node.add("web", 0);
  Signature forged = sign_profile(node.profiles["web"], key_of(2));
  forged.key_id = key_id(key_of(1).public_key());
  node.signatures["web"] = to_text(forged);
  EXPECT_THAT(node.refusal("web"), HasSubstr("is not what key"));
}

TEST(SignedBy, WithoutAKeyLeavesWhatIsBuiltIn) {
  Node node;
  node.signed_by({});
  node.add("web", 1);
  EXPECT_THAT(node.refusal("web"), HasSubstr("a key that is accepted: there is none"));
  EXPECT_EQ(node.refusal("restricted"), "taken");
}

TEST(SignedBy, IsAskedOfEveryWay) {
  Node node;
  node.signed_by({1});
  node.add("base", 0);
  node.add("web", 1, R"(,"extends":["base"])");
  EXPECT_THAT(node.refusal("web"), HasSubstr("profile \"base\": node.signedBy"));
  EXPECT_THAT(node.refusal("", "base"), HasSubstr("profile \"base\": node.signedBy"));
  // A file in the place of a built-in profile is a file.
  node.add("default", 0);
  EXPECT_THAT(node.refusal(""), HasSubstr("profile \"default\": node.signedBy"));
}

TEST(SignedBy, OnlyTightens) {
  const FieldInfo& info = info_of(Field::kNodeSignedBy);
  Node one, two;
  one.signed_by({1, 2});
  two.signed_by({2, 3});
  const Document a = *read_node(SourceText{one.text, "a"});
  const Document b = *read_node(SourceText{two.text, "b"});
  EXPECT_EQ(value_text(info, meet(a, b)[Field::kNodeSignedBy]), to_text(key_of(2).public_key()));
  EXPECT_EQ(value_text(info, meet(a, Document())[Field::kNodeSignedBy]), value_text(info, a[Field::kNodeSignedBy]));
}

// The document's check of a key and the key's own reader agree.
TEST(SignedBy, IsReadableWhereTheDocumentIs) {
  for (unsigned char i = 0; i < 200; ++i) {
    const std::string key = to_text(key_of(i).public_key());
    for (size_t place = 0; place < key.size(); ++place) {
      std::string changed = key;
      changed[place] = static_cast<char>(changed[place] + 1);
      const Result<Document> node = read_node(SourceText{
          node_text(concat(R"(,"node":{"signedBy":[{"names":[")", changed, R"("],"reason":"r"}]})")), "n"});
      ASSERT_EQ(node.has_value(), parse_public_key(changed, "k").has_value()) << changed;
    }
  }
}

}  // namespace
}  // namespace redoubt::policy
