#include "oci/features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::oci {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> keys(const json::Value& value) {
  std::vector<std::string> out;
  for (const json::Member& member : value.as_object()) {
    out.push_back(member.key);
  }
  return out;
}

FeaturesInput input() {
  FeaturesInput in;
  in.mount_options = {"ro", "rw"};
  in.namespaces = {"cgroup"};
  in.capabilities = {"CAP_CHOWN"};
  in.seccomp_enabled = true;
  in.seccomp_actions = {"SCMP_ACT_ALLOW"};
  in.libseccomp_version = "2.5.4";
  in.version = "0.1.0";
  return in;
}

TEST(FeaturesDocument, HasTheShapeOfTheSpecification) {
  const json::Value document = features_document(input());
  EXPECT_THAT(keys(document),
              ElementsAre("ociVersionMin",
                          "ociVersionMax",
                          "hooks",
                          "mountOptions",
                          "linux",
                          "annotations",
                          "potentiallyUnsafeConfigAnnotations"));
  EXPECT_THAT(keys(*document.find("linux")),
              ElementsAre("namespaces",
                          "capabilities",
                          "cgroup",
                          "seccomp",
                          "apparmor",
                          "selinux",
                          "intelRdt",
                          "memoryPolicy",
                          "mountExtensions",
                          "netDevices"));
  EXPECT_THAT(
      keys(*document.find("linux")->find("seccomp")),
      ElementsAre("enabled", "actions", "operators", "archs", "knownFlags", "supportedFlags"));
  EXPECT_EQ(json::dump(*document.find("linux")->find("cgroup")),
            R"({"v1":false,"v2":true,"systemd":true,"systemdUser":true,"rdma":true})");
  EXPECT_EQ(json::dump(*document.find("linux")->find("mountExtensions")),
            R"({"idmap":{"enabled":true}})");
  EXPECT_EQ(
      json::dump(*document.find("annotations")),
      R"({"io.github.seccomp.libseccomp.version":"2.5.4","org.opencontainers.runc.checkpoint.enabled":"true",)"
      R"("org.opencontainers.runc.commit":"","org.opencontainers.runc.version":"0.1.0"})");
  EXPECT_EQ(json::dump(*document.find("potentiallyUnsafeConfigAnnotations")),
            R"(["bundle","io.redoubt.","org.criu.config","org.systemd.property."])");
}

TEST(FeaturesDocument, SaysNothingOfSeccompWithoutTheLibrary) {
  FeaturesInput in = input();
  in.seccomp_enabled = false;
  const json::Value document = features_document(in);
  EXPECT_EQ(json::dump(*document.find("linux")->find("seccomp")), R"({"enabled":false})");
  EXPECT_EQ(document.find("annotations")->find("io.github.seccomp.libseccomp.version"), nullptr);
}

TEST(FeaturesDocument, EmptyListsStayLists) {
  const json::Value document = features_document({});
  EXPECT_EQ(json::dump(*document.find("mountOptions")), "[]");
}

}  // namespace
}  // namespace redoubt::oci
