// syscalls.report and files.report: who asks, what this host can, and what the record says of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str.h"
#include "hardened.h"

namespace redoubt::policy {
namespace {

using testing::HasSubstr;

constexpr char kCallReport[] = R"(,"syscalls": {"report": {"value": true, "reason": "r"}})";
constexpr char kFileReport[] =
    R"(,"files": {"read": [{"paths": ["/etc"], "reason": "r"}], "report": {"value": true, "reason": "r"}})";

// A host that can.
plan::HostFacts reporting_host() {
  plan::HostFacts host = capable_host();
  host.landlock_abi = 6;
  host.file_report_lack.clear();
  host.filter_report_lack.clear();
  return host;
}

TEST(HardenReports, ReportsRefusedCallsWhereThePolicyAsks) {
  const plan::HostFacts host = reporting_host();
  const auto silent = hardened(small_spec(), policy_of({}), host);
  ASSERT_TRUE(silent) << silent.error().message();
  EXPECT_FALSE(silent->hardening.intents.reports_filters);
  const auto plan = hardened(small_spec(), policy_of({}, kCallReport), host);
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_TRUE(plan->hardening.intents.reports_filters);
  EXPECT_EQ(decision_of(*plan, "syscalls.report")->backend, "seccomp, bpf");
}

TEST(HardenReports, SaysWhyRefusedCallsAreNotReported) {
  plan::HostFacts host = reporting_host();
  host.filter_report_lack = "no audit";
  const auto plan = hardened(small_spec(), policy_of({}, kCallReport), host);
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_FALSE(plan->hardening.intents.reports_filters);
  EXPECT_EQ(decision_of(*plan, "syscalls.report")->backend, "");
  const auto required = hardened(
      small_spec(), policy_of({}, concat(R"(,"mode": {"value": "required", "reason": "r"})", kCallReport)), host);
  ASSERT_FALSE(required);
  EXPECT_THAT(required.error().message(), HasSubstr("syscalls.report"));
  EXPECT_THAT(required.error().message(), HasSubstr("no audit"));
}

TEST(HardenReports, ReportsWhatItRefusesWhereThePolicyAsks) {
  const auto plan = hardened(small_spec(), policy_of({}, kFileReport), reporting_host());
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_TRUE(plan->hardening.intents.reports_files);
  EXPECT_EQ(decision_of(*plan, "files.report")->backend, "landlock, bpf");
  const auto silent =
      hardened(small_spec(), policy_of({}, R"(,"files": {"read": [{"paths": ["/etc"], "reason": "r"}]})"), reporting_host());
  ASSERT_TRUE(silent) << silent.error().message();
  EXPECT_FALSE(silent->hardening.intents.reports_files);
  EXPECT_EQ(decision_of(*silent, "files.report"), nullptr);
}

TEST(HardenReports, ReportsNothingWhereNothingIsRefused) {
  const std::string report = R"(,"files": {"report": {"value": true, "reason": "r"}})";
  const auto plan = hardened(small_spec(), policy_of({}, report), reporting_host());
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_FALSE(plan->hardening.intents.reports_files);
  EXPECT_THAT(decision_of(*plan, "files.report")->value, HasSubstr("no rule about files"));
  const std::string audited = profile_text(concat(R"(,"mode": {"value": "audit", "reason": "r"})", kFileReport));
  const Effective logs = policy_of({}, R"(,"node": {"defaultProfile": {"value": "p", "reason": "r"}})", audited);
  EXPECT_FALSE(reports_files(logs));
  const auto audit = hardened(small_spec(), logs, reporting_host());
  ASSERT_TRUE(audit) << audit.error().message();
  EXPECT_FALSE(audit->hardening.intents.reports_files);
}

TEST(HardenReports, SaysWhyRefusedFilesAreNotReported) {
  plan::HostFacts host = reporting_host();
  host.file_report_lack = "no ftrace";
  const auto plan = hardened(small_spec(), policy_of({}, kFileReport), host);
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_FALSE(plan->hardening.intents.reports_files);
  EXPECT_EQ(decision_of(*plan, "files.report")->degradation, "no ftrace");
  const auto required =
      hardened(small_spec(), policy_of({}, concat(R"(,"mode": {"value": "required", "reason": "r"})", kFileReport)), host);
  ASSERT_FALSE(required);
  EXPECT_THAT(required.error().message(), HasSubstr("files.report"));
  EXPECT_THAT(required.error().message(), HasSubstr("no ftrace"));
}

// What `bpf unload` asks for.
TEST(HardenReports, AreALayerOfTheirOwnWhereTheyAreAskedFor) {
  const auto layer = [](const std::string& node, const plan::HostFacts& host) {
    const auto plan = hardened(small_spec(), policy_of({}, node), host);
    EXPECT_TRUE(plan) << plan.error().message();
    const plan::LayerState* found = plan ? layer_of(*plan, "reports") : nullptr;
    return found == nullptr ? "" : concat(found->level, ": ", found->reason);
  };
  EXPECT_EQ(layer("", reporting_host()), "");
  EXPECT_EQ(layer(kCallReport, reporting_host()), "active: refused system calls");
  EXPECT_EQ(layer(kFileReport, reporting_host()), "active: refused files");
  EXPECT_EQ(layer(concat(kCallReport, kFileReport), reporting_host()), "active: refused system calls and files");
  EXPECT_THAT(layer(kCallReport, capable_host()), HasSubstr("off: "));
}

}  // namespace
}  // namespace redoubt::policy
