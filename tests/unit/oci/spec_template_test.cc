#include "oci/spec_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "oci/bundle.h"

namespace redoubt::oci {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

Spec load(const TemplateOptions& options) {
  Warnings warnings;
  Result<Spec> spec = load_spec_text(json::dump(spec_template(options)), "config.json", warnings);
  EXPECT_TRUE(spec) << spec.error().message();
  EXPECT_THAT(warnings, IsEmpty());
  return spec ? *spec : Spec();
}

std::string types(const Spec& spec) {
  std::string out;
  for (const Namespace& ns : spec.linux_->namespaces) {
    out += ns.type + " ";
  }
  return out;
}

TEST(SpecTemplate, IsAValidDocument) {
  const Spec spec = load({});
  EXPECT_EQ(spec.hostname, "redoubt");
  EXPECT_TRUE(spec.root->readonly);
  EXPECT_TRUE(spec.process->no_new_privileges);
  EXPECT_EQ(spec.process->capabilities->bounding->size(), 3U);
  EXPECT_FALSE(spec.process->capabilities->inheritable || spec.process->capabilities->ambient);
  EXPECT_EQ(spec.mounts.size(), 7U);
  EXPECT_EQ(spec.linux_->masked_paths.size(), 12U);
  EXPECT_EQ(spec.linux_->readonly_paths.size(), 5U);
  EXPECT_EQ(types(spec), "pid network ipc uts mount cgroup ");
}

TEST(SpecTemplate, RootlessMapsTheCallerAndKeepsTheNetwork) {
  const Spec spec = load(
      {.hostname = "runc", .cgroup_namespace = false, .rootless = true, .uid = 1000, .gid = 100});
  EXPECT_EQ(types(spec), "pid ipc uts mount user ");
  EXPECT_EQ(spec.linux_->uid_mappings[0].host_id, 1000U);
  EXPECT_EQ(spec.linux_->gid_mappings[0].host_id, 100U);
  EXPECT_FALSE(spec.linux_->resources);
  const std::string text = json::dump(spec_template({.rootless = true}));
  EXPECT_THAT(text, Not(HasSubstr("gid=5")));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"({"destination":"/sys","type":"none","source":"/sys","options":["rbind","nosuid","noexec","nodev","ro"]})"));
}

TEST(SpecTemplate, IsWrittenWithTabs) {
  EXPECT_THAT(
      json::dump(spec_template({}), json::Layout::kTab),
      StartsWith("{\n\t\"ociVersion\": \"1.3.0\",\n\t\"process\": {\n\t\t\"terminal\": true,"));
}

}  // namespace
}  // namespace redoubt::oci
