#include "policy/authoring/apparmor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/authoring/read_form.h"

namespace redoubt::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ReadForm apparmor(const std::string& rules, const std::string& before = "") {
  return read_form(before + "\nprofile p {\n" + rules + "\n}\n", "p.aa");
}

TEST(AppArmor, WhatNoRuleAllowsIsDenied) {
  const Document none = apparmor("/bin/true ix,").profile;
  EXPECT_THAT(keys_of(none, Field::kFilesExecute), ElementsAre("/bin/true"));
  EXPECT_TRUE(none[Field::kFilesRead].present && none[Field::kFilesRead].entries.empty());
  EXPECT_TRUE(none[Field::kCapabilitiesAllow].present && none[Field::kCapabilitiesAllow].entries.empty());
  EXPECT_TRUE(none[Field::kNetworkFamilies].present && none[Field::kNetworkFamilies].entries.empty());
  EXPECT_EQ(none.level(Field::kMounts), 2U);
  EXPECT_EQ(none.level(Field::kPtrace), 2U);
  EXPECT_THAT(keys_of(none, Field::kLandlockScopes), ElementsAre("signals"));
}

TEST(AppArmor, WhatARuleAllowsAsAWholeHasNoOpinion) {
  const Document all = apparmor("file, capability, network, mount, signal, ptrace,").profile;
  for (const Field field : {Field::kFilesRead, Field::kFilesWrite, Field::kFilesExecute, Field::kCapabilitiesAllow, Field::kNetworkFamilies,
                            Field::kMounts, Field::kPtrace, Field::kPtraceOutside, Field::kLandlockScopes}) {
    EXPECT_FALSE(all[field].present) << info_of(field).path;
  }
}

TEST(AppArmor, ADirectoryIsListedAndTheFilesInItAreNotRead) {
  const Document made = apparmor("/ r,\n/etc/hosts r,").profile;
  EXPECT_THAT(keys_of(made, Field::kFilesRead), ElementsAre("/etc/hosts"));
  EXPECT_THAT(keys_of(made, Field::kFilesList), ElementsAre("/"));
  const Result<Converted> back = to_apparmor(made, {});
  ASSERT_TRUE(back);
  EXPECT_THAT(back->text, HasSubstr("  \"/{,**/}\" r,\n"));
  EXPECT_THAT(keys_of(read_form(back->text, "back.aa").profile, Field::kFilesList), ElementsAre("/"));
}

TEST(AppArmor, DenialsWin) {
  const Document denied = apparmor("file, deny /proc/kcore rwklx, deny /sys/** w, capability, deny capability sys_admin, network, deny network inet,").profile;
  EXPECT_THAT(keys_of(denied, Field::kFilesMasked), ElementsAre("/proc/kcore"));
  EXPECT_THAT(keys_of(denied, Field::kFilesReadonly), ElementsAre("/sys"));
  EXPECT_THAT(keys_of(denied, Field::kCapabilitiesDeny), ElementsAre("CAP_SYS_ADMIN"));
  EXPECT_EQ(find_entry(denied[Field::kNetworkFamilies], "AF_INET"), nullptr);
  EXPECT_NE(find_entry(denied[Field::kNetworkFamilies], "AF_INET6"), nullptr);
}

TEST(AppArmor, SaysWhatAProfileHasNoWordFor) {
  const ReadForm made = apparmor("owner /home/x rw,\n/log a,\n/bin/sh Ux,\nnetwork inet stream,\ndeny /x x,\numount,\ndeny dbus,\naudit capability kill,\n"
                         "signal (send) peer=other,\nset rlimit nice <= -5,\ninclude <local/x>\nprofile child { }");
  for (const char* note : {"p.aa:3: wider: \"/home/x\" is allowed whoever owns the file", "p.aa:4: wider: \"/log\" may be written anywhere",
                           "p.aa:5: tighter: \"/bin/sh\" is executed under this profile", "p.aa:6: wider: \"network inet stream\" becomes the whole family",
                           "p.aa:7: wider: denied \"x\" of \"/x\" is left out", "p.aa:8: tighter: umount alone", "p.aa:9: wider: denied \"dbus\"",
                           "p.aa:10: other: \"capability kill\" is allowed and not logged", "p.aa:11: wider: \"signal (send) peer=other\" becomes all",
                           "p.aa:12: wider: \"set rlimit nice <= -5\" is left out", "p.aa:13: other: include \"local/x\" is not known",
                           "p.aa:14: other: \"profile child\" is left out"}) {
    EXPECT_THAT(made.notes, HasSubstr(note));
  }
}

TEST(AppArmor, KnowsVariablesAbstractionsAndItsOwnName) {
  const ReadForm made = apparmor("include <abstractions/base>\n@{DATA}/** r, @{DATA}/ r,\nptrace peer=@{profile_name},", "@{DATA} = /srv \"/opt/a b\"\n@{DATA}+=/data");
  const FieldValue& trees = made.profile[Field::kFilesRead];
  for (const char* path : {"/srv", "/opt/a b", "/data", "/usr/lib", "/etc/ld.so.cache"}) {
    EXPECT_NE(find_entry(trees, path), nullptr) << path << made.error;
  }
  EXPECT_FALSE(made.profile[Field::kPtrace].present);
  EXPECT_EQ(made.profile.level(Field::kPtraceOutside), 2U);
  EXPECT_THAT(made.notes, HasSubstr("include \"abstractions/base\" is taken as Redoubt knows it"));
}

TEST(AppArmor, UserNamespacesAreJudgedByTheAbi) {
  EXPECT_FALSE(apparmor("file,", "abi <abi/3.0>,").profile[Field::kUserNamespaces].present);
  EXPECT_EQ(apparmor("file,", "abi <abi/4.0>,").profile.level(Field::kUserNamespaces), 2U);
  EXPECT_FALSE(apparmor("file, userns create,", "abi <abi/4.0>,").profile[Field::kUserNamespaces].present);
}

TEST(AppArmor, ErrorsNameLineAndRemedy) {
  EXPECT_THAT(apparmor("/x r").error, HasSubstr("p.aa:3: \"/x\": the rule does not end with a comma"));
  EXPECT_THAT(apparmor("@{NO}/x r,").error, HasSubstr("p.aa:3: variable \"NO\" is not defined"));
  EXPECT_EQ(apparmor("/x\\@{,/,/**} r,").error, "");  // a character, no variable
  EXPECT_THAT(apparmor("frobnicate x,").error, HasSubstr("p.aa:3: \"frobnicate x\" is no rule"));
  EXPECT_THAT(apparmor("capability flying,").error, HasSubstr("capability \"flying\" is not one of capabilities(7)"));
  EXPECT_THAT(apparmor("network klingon,").error, HasSubstr("is no address family"));
  EXPECT_THAT(apparmor("set rlimit x,").error, HasSubstr("a limit is \"set rlimit NAME <= VALUE\""));
  EXPECT_THAT(apparmor("if $x { /y r, }").error, HasSubstr("p.aa:3: conditions are not known"));
  EXPECT_THAT(apparmor("/x{a r,").error, HasSubstr("is missing"));
  EXPECT_THAT(apparmor("\"/x r,").error, HasSubstr("a quote is not closed"));
  EXPECT_THAT(apparmor("deny file,").error, HasSubstr("leave the rule out"));
  EXPECT_THAT(apparmor("} profile q {").error, HasSubstr("a second profile"));
  EXPECT_THAT(apparmor("}").error, HasSubstr("a } without its {"));
}

TEST(AppArmor, IsNotWrittenOfAProfileThatAppliesNothing) {
  Document off;
  off.name = "x";
  off[Field::kMode].present = true;
  EXPECT_FALSE(to_apparmor(off, {}));
  off.name = "";
  EXPECT_FALSE(to_apparmor(off, {}));
}

}  // namespace
}  // namespace redoubt::policy
