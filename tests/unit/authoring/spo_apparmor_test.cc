#include "policy/authoring/spo_apparmor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/authoring/read_form.h"

namespace redoubt::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ReadForm spo_apparmor(const std::string& spec) {
  return read_form("apiVersion: security-profiles-operator.x-k8s.io/v1alpha1\nkind: AppArmorProfile\nmetadata: {name: p}\nspec: " + spec + "\n", "p.yaml");
}

TEST(SpoAppArmor, WhatTheAbstractDoesNotListIsDenied) {
  const Document made = spo_apparmor("{abstract: {executable: {allowedExecutables: [/app]}, filesystem: {writeOnlyPaths: ['/log{,/,/**}']}, network: {protocols: {allowUdp: true}}}}").profile;
  EXPECT_THAT(keys_of(made, Field::kFilesExecute), ElementsAre("/app"));
  EXPECT_THAT(keys_of(made, Field::kFilesRead), ElementsAre("/app"));
  EXPECT_THAT(keys_of(made, Field::kFilesWrite), ElementsAre("/log"));
  EXPECT_THAT(keys_of(made, Field::kNetworkBind), ElementsAre("udp 0.0.0.0/0 1-65535", "udp ::/0 1-65535"));
  EXPECT_TRUE(made[Field::kCapabilitiesAllow].present && made[Field::kCapabilitiesAllow].entries.empty());
}

TEST(SpoAppArmor, CarriesListedDirectories) {
  const Document made = spo_apparmor("{abstract: {filesystem: {readOnlyPaths: [/etc/hosts, '/srv/{,**/}']}}}").profile;
  EXPECT_THAT(keys_of(made, Field::kFilesList), ElementsAre("/srv"));
  EXPECT_THAT(to_spo_apparmor(made, {})->text, HasSubstr("\"/srv/{,**/}\""));
}

TEST(SpoAppArmor, OlderObjectsHoldAppArmorAsText) {
  const Document made = spo_apparmor("{policy: 'profile p { file, network, capability chown, }'}").profile;
  EXPECT_THAT(keys_of(made, Field::kCapabilitiesAllow), ElementsAre("CAP_CHOWN"));
  EXPECT_FALSE(made[Field::kFilesRead].present);
}

TEST(SpoAppArmor, ErrorsNameTheMember) {
  EXPECT_THAT(spo_apparmor("{}").error, HasSubstr("p.yaml: /spec: needs \"abstract\" or \"policy\""));
  EXPECT_THAT(spo_apparmor("{abstract: {filesystem: {readOnlyPaths: [x]}}}").error, HasSubstr("/spec/abstract/filesystem/readOnlyPaths: \"x\": must be an absolute path"));
  EXPECT_THAT(spo_apparmor("{abstract: {filesystem: {readOnlyPaths: ['@{nope}/x']}}}").error, HasSubstr("variable \"nope\" is not defined"));
  EXPECT_THAT(spo_apparmor("{abstract: {capability: {allowedCapabilities: [fly]}}}").error, HasSubstr("\"fly\" is not one of capabilities(7)"));
  EXPECT_THAT(spo_apparmor("{abstract: {network: {allowRaw: maybe}}}").error, HasSubstr("/spec/abstract/network/allowRaw: must be true or false"));
}

}  // namespace
}  // namespace redoubt::policy
