// From a refused file back to the rule.
#include "policy/refused_file.h"

#include <linux/landlock.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "documents.h"
#include "policy/effective.h"
#include "policy/resolve.h"
#include "specs.h"

namespace redoubt::policy {
namespace {

using testing::StartsWith;

constexpr uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE, kList = LANDLOCK_ACCESS_FS_READ_DIR, kWrite = LANDLOCK_ACCESS_FS_WRITE_FILE,
                   kExecute = LANDLOCK_ACCESS_FS_EXECUTE, kMakeDir = LANDLOCK_ACCESS_FS_MAKE_DIR, kRefer = LANDLOCK_ACCESS_FS_REFER;

constexpr char kFiles[] = R"(,"files": {
  "read": [{"paths": ["/bin", "/etc/app", "/run"], "reason": "r"}],
  "write": [{"paths": ["/data", "/run"], "reason": "r"}],
  "execute": [{"paths": ["/bin", "/run"], "reason": "r"}]})";

class FindRefusingRuleOfFile : public testing::Test {
 protected:
  void resolve_with(const std::string& node) {
    const PolicySources sources{SourceText{node_text(node), "node.json"}, lookup_with("")};
    Result<Effective> policy = choose_policy(sources, {});
    ASSERT_TRUE(policy) << policy.error().message();
    policy_ = *std::move(policy);
    const oci::Spec spec = small_spec();
    plan::HostFacts host = capable_host();
    host.landlock_abi = 6;
    Result<plan::Plan> plan = resolve({.spec = spec, .host = host, .id = "c1", .bundle = "/b", .policy = &policy_});
    ASSERT_TRUE(plan) << plan.error().message();
    plan_ = *std::move(plan);
  }
  void SetUp() override { resolve_with(kFiles); }

  RefusingRule find(uint64_t wanted, const std::string& place, const std::string& other_place = "", uint64_t lacking = 0) const {
    return find_refusing_rule(plan_, policy_.document, {wanted, lacking, place, other_place});
  }

  Effective policy_;
  plan::Plan plan_;
};

TEST_F(FindRefusingRuleOfFile, NamesTheFieldThatWouldHaveToAllowIt) {
  EXPECT_EQ(find(kRead, "/etc/shadow").control, "files.read");
  EXPECT_EQ(find(kList, "/etc").control, "files.read");
  EXPECT_EQ(find(kMakeDir, "/etc").control, "files.write");
  EXPECT_EQ(find(kRead | kExecute, "/opt/tool").control, "files.execute");
  EXPECT_THAT(find(kRead, "/etc/shadow").source, StartsWith("node.json:"));
}

TEST_F(FindRefusingRuleOfFile, LeavesOutWhatTheRulesAllowThere) {
  EXPECT_EQ(find(kRead | kExecute, "/etc/app/tool").control, "files.execute");
  EXPECT_EQ(find(kRead | kWrite, "/data/x").control, "files.read");
  EXPECT_EQ(find(kRead | kWrite, "/bin/sh").control, "files.write");
}

TEST_F(FindRefusingRuleOfFile, TakesATreeForItsOwnComponentsOnly) {
  EXPECT_EQ(find(kRead, "/etc/app").control, "");
  EXPECT_EQ(find(kRead, "/etc/application").control, "files.read");
}

// Linux 6.2 and later say what was missing.
TEST_F(FindRefusingRuleOfFile, BelievesTheKernel) {
  EXPECT_EQ(find(kRead | kExecute, "/opt/tool", "", kRead).control, "files.read");
}

TEST_F(FindRefusingRuleOfFile, NamesNoneWhenTheRulesAllowIt) {
  const RefusingRule own = find(kRead, "/bin/sh");
  EXPECT_EQ(own.control, "");
  EXPECT_EQ(own.source, "");
  resolve_with(R"(,"files": {"write": [{"paths": ["/data"], "reason": "r"}]})");
  EXPECT_EQ(find(kRead, "/etc/shadow").control, "");
}

TEST_F(FindRefusingRuleOfFile, GoesByTheRightWhereThePathIsNotKnown) {
  EXPECT_EQ(find(kRead, "").control, "files.read");
}

TEST_F(FindRefusingRuleOfFile, LooksAtBothNamesOfALink) {
  EXPECT_EQ(find(kRefer, "/data", "/etc").control, "files.write");
  EXPECT_EQ(find(kRefer, "/etc", "/data").control, "files.write");
  EXPECT_EQ(find(kRefer, "/data", "/data/x").control, "");
}

// Landlock: a file must not gain rights by moving.
TEST_F(FindRefusingRuleOfFile, NamesTheRightThatAMoveWouldHaveGiven) {
  EXPECT_EQ(find(kRefer, "/data", "/run").control, "files.execute");
}

}  // namespace
}  // namespace redoubt::policy
