#include "policy/authoring/kubearmor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/document/read_document.h"
#include "tests/unit/authoring/read_form.h"

namespace redoubt::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

ReadForm kubearmor(const std::string& spec) {
  return read_form("apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\nmetadata: {name: p}\nspec: " + spec + "\n", "p.yaml");
}

TEST(KubeArmor, AllowMakesAListOfItsKindOnly) {
  const Document made = kubearmor("{file: {matchDirectories: [{dir: /usr/, recursive: true, readOnly: true}, {dir: /tmp/, recursive: true}]}, action: Allow}").profile;
  EXPECT_THAT(keys_of(made, Field::kFilesRead), ElementsAre("/tmp", "/usr"));
  EXPECT_THAT(keys_of(made, Field::kFilesWrite), ElementsAre("/tmp"));
  EXPECT_FALSE(made[Field::kFilesExecute].present || made[Field::kNetworkConnect].present || made[Field::kCapabilitiesAllow].present);
}

TEST(KubeArmor, BlockIsWhatAPolicyDoesUnlessItSaysOtherwise) {
  const ReadForm made = kubearmor("{file: {matchPaths: [{path: /a}, {path: /b, readOnly: true}]}, capabilities: {matchCapabilities: [{capability: net_raw}]}, "
                         "network: {matchProtocols: [{protocol: udp}]}}");
  EXPECT_THAT(keys_of(made.profile, Field::kFilesMasked), ElementsAre("/a"));
  EXPECT_THAT(keys_of(made.profile, Field::kFilesReadonly), ElementsAre("/b"));
  EXPECT_THAT(keys_of(made.profile, Field::kCapabilitiesDeny), ElementsAre("CAP_NET_RAW"));
  EXPECT_THAT(keys_of(made.profile, Field::kNetworkConnect), ElementsAre("tcp 0.0.0.0/0 1-65535", "tcp ::/0 1-65535"));
  EXPECT_FALSE(made.profile[Field::kFilesRead].present);
}

TEST(KubeArmor, ConditionsAreTold) {
  const ReadForm made = kubearmor("{process: {matchPaths: [{path: /a, fromSource: [{path: /b}], ownerOnly: true, action: Allow}]}, "
                         "file: {matchPaths: [{path: /c, action: Audit}]}, syscalls: {}}");
  EXPECT_THAT(made.notes, HasSubstr("/spec/process/matchPaths/0: wider: fromSource is not carried over"));
  EXPECT_THAT(made.notes, HasSubstr("/spec/process/matchPaths/0: wider: ownerOnly is not carried over"));
  EXPECT_THAT(made.notes, HasSubstr("/spec/file/matchPaths/0: other: is logged only"));
  EXPECT_THAT(made.notes, HasSubstr("/spec: other: \"syscalls\" is not carried over"));
  EXPECT_THAT(keys_of(made.profile, Field::kFilesMasked), IsEmpty());
}

TEST(KubeArmor, ErrorsNameTheMember) {
  EXPECT_THAT(kubearmor("{action: Explode}").error, HasSubstr("p.yaml: /spec/action: must be one of"));
  EXPECT_THAT(kubearmor("{file: {matchPaths: [{path: relative}]}}").error, HasSubstr("/spec/file/matchPaths/0: \"relative\": must be an absolute path"));
  EXPECT_THAT(kubearmor("{file: {matchPaths: {}}}").error, HasSubstr("/spec/file/matchPaths: must be a list, got object"));
  EXPECT_THAT(kubearmor("{network: {matchProtocols: [{protocol: quic}]}}").error, HasSubstr("/spec/network/matchProtocols/0/protocol"));
  EXPECT_THAT(kubearmor("{capabilities: {matchCapabilities: [{capability: 1}]}}").error, HasSubstr("must be a text, got integer"));
  EXPECT_THAT(kubearmor("[]").error, HasSubstr("/spec: must be an object, got array"));
}

TEST(KubeArmor, HasNoListWithoutReading) {
  const Result<Document> profile = read_document(R"({"apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "web", "files": {
"read": [{"paths": ["/usr"], "reason": "r"}], "list": [{"paths": ["/srv"], "reason": "r"}]}})", "web.json");
  ASSERT_TRUE(profile);
  const Result<Converted> made = to_kubearmor(*profile, {});
  ASSERT_TRUE(made);
  EXPECT_THAT(made->text, Not(HasSubstr("/srv")));
  std::string notes;
  for (const Note& note : made->notes) {
    notes += note_text(note) + "\n";
  }
  EXPECT_THAT(notes, HasSubstr("tighter: files.list: is not carried over"));
}

TEST(KubeArmor, IsNotWrittenOfAProfileThatSaysNothingOfIt) {
  EXPECT_FALSE(to_kubearmor(Document(), {}));
}

}  // namespace
}  // namespace redoubt::policy
