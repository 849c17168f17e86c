#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/passes.h"
#include "tests/unit/policy/specs.h"

namespace redoubt::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t bit(int number) {
  return uint64_t{1} << number;
}

TEST(ResolveCapabilities, AbsentObjectMeansNone) {
  std::vector<std::string> warnings;
  const plan::Capabilities masks = resolve_capabilities(std::nullopt, capable_host(), warnings);
  EXPECT_EQ(masks.bounding | masks.effective | masks.inheritable | masks.permitted | masks.ambient,
            0U);
}

TEST(ResolveCapabilities, NamesGoIntoTheirOwnSetOnly) {
  oci::Capabilities capabilities;
  capabilities.bounding = {"CAP_CHOWN", "CAP_KILL"};
  capabilities.effective = {"CAP_CHOWN"};
  capabilities.permitted = {"CAP_CHOWN", "CAP_CHOWN"};
  std::vector<std::string> warnings;
  const plan::Capabilities masks = resolve_capabilities(capabilities, capable_host(), warnings);
  EXPECT_EQ(masks.bounding, bit(0) | bit(5));
  EXPECT_EQ(masks.effective, bit(0));
  EXPECT_EQ(masks.permitted, bit(0));
  EXPECT_EQ(masks.inheritable, 0U);
  EXPECT_EQ(masks.ambient, 0U);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(ResolveCapabilities, SaysOnceWhatIsUnknownOrUnavailable) {
  plan::HostFacts host = capable_host();
  host.bounding_capabilities = bit(0);
  oci::Capabilities capabilities;
  capabilities.bounding = {"CAP_SYS_ADMIN", "CAP_CHOWN", "CAP_MOON"};
  capabilities.permitted = {"CAP_SYS_ADMIN", "cap_kill"};
  std::vector<std::string> warnings;
  const plan::Capabilities masks = resolve_capabilities(capabilities, host, warnings);
  EXPECT_EQ(masks.bounding, bit(0));
  EXPECT_EQ(masks.permitted, 0U);
  EXPECT_THAT(
      warnings,
      ElementsAre(
          "ignoring unknown or unavailable capabilities: [CAP_MOON CAP_SYS_ADMIN cap_kill]"));
}

TEST(ResolveCapabilities, ThoseBeyondTheKernelsLastAreUnavailable) {
  plan::HostFacts host = capable_host();
  host.last_capability = 37;
  oci::Capabilities capabilities;
  capabilities.bounding = {"CAP_AUDIT_READ", "CAP_BPF"};
  std::vector<std::string> warnings;
  EXPECT_EQ(resolve_capabilities(capabilities, host, warnings).bounding, bit(37));
  EXPECT_THAT(warnings, ElementsAre("ignoring unknown or unavailable capabilities: [CAP_BPF]"));
}

// Entering a user namespace gives every capability over it, also to who has none on the host.
TEST(ResolveCapabilities, OwnUserNamespaceHasThemAll) {
  oci::Spec spec = small_spec();
  spec.linux_->namespaces = {{"user", ""}};
  spec.linux_->uid_mappings = spec.linux_->gid_mappings = {{0, 1000, 1}};
  oci::Capabilities capabilities;
  capabilities.bounding = {"CAP_SYS_ADMIN"};
  spec.process->capabilities = capabilities;
  const auto plan = resolve_under(spec, rootless_host());
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_EQ(plan->process.capabilities.bounding, bit(21));
  EXPECT_THAT(plan->warnings, IsEmpty());
}

}  // namespace
}  // namespace redoubt::policy
