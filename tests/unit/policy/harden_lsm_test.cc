// The BPF LSM pass: what it closes, what lifts it, and what it says where there is none.
#include <linux/capability.h>

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "documents.h"
#include "policy/effective.h"
#include "policy/harden.h"
#include "specs.h"

namespace redoubt::policy {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

plan::HostFacts host_with_lsm() {
  plan::HostFacts host = capable_host();
  host.bpf_lsm_fields = {"kernel.bpf",
                         "kernel.filelessExec",
                         "kernel.hostFiles",
                         "kernel.mounts",
                         "kernel.ptraceOutside",
                         "network.families"};
  return host;
}

plan::HostFacts host_without_lsm() {
  plan::HostFacts host = capable_host();
  host.bpf_lsm_fields.clear();
  host.bpf_lsm_lack = "no bpf in lsm=";
  return host;
}

Result<plan::Plan> hardened(const oci::Spec& spec,
                            const plan::HostFacts& host,
                            const std::string& node = "") {
  PolicySources sources{std::nullopt, lookup_with("")};
  if (!node.empty()) {
    sources.node = SourceText{node_text(node), "node.json"};
  }
  TRY_ASSIGN(const Effective policy, choose_policy(sources, {}));
  return resolve({.spec = spec, .host = host, .id = "c1", .bundle = "/b", .policy = &policy});
}

std::string note_of(const plan::Plan& plan, std::string_view control) {
  for (const plan::Decision& decision : plan.hardening.decisions) {
    if (decision.control == control) {
      return decision.degradation;
    }
  }
  return "(none)";
}

std::string backend_of(const plan::Plan& plan, std::string_view control) {
  for (const plan::Decision& decision : plan.hardening.decisions) {
    if (decision.control == control) {
      return decision.backend;
    }
  }
  return "(none)";
}

TEST(HardenLsm, ClosesWhatTheHostCanClose) {
  const Result<plan::Plan> plan = hardened(spec_with({"CAP_CHOWN"}), host_with_lsm());
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  const plan::KernelIntents& intents = plan->hardening.intents;
  EXPECT_THAT(intents.denied_surfaces, Contains("kernel.bpf"));
  EXPECT_THAT(intents.denied_surfaces, Contains("kernel.filelessExec"));
  EXPECT_THAT(intents.denied_surfaces, Contains("network.families"));
  EXPECT_THAT(intents.denied_surfaces, Not(Contains("kernel.perf")));  // not of this host
  EXPECT_THAT(intents.audited_surfaces, IsEmpty());
  EXPECT_EQ(intents.families >> 2 & 1, 1U);   // AF_INET
  EXPECT_EQ(intents.families >> 38 & 1, 0U);  // AF_ALG
  EXPECT_EQ(backend_of(*plan, "kernel.bpf"), "seccomp, bpf-lsm");
  EXPECT_EQ(backend_of(*plan, "kernel.perf"), "seccomp");
  EXPECT_EQ(backend_of(*plan, "kernel.hostFiles"), "bpf-lsm");
}

TEST(HardenLsm, IsLiftedByWhatConfigJsonGrants) {
  const Result<plan::Plan> admin = hardened(spec_with({"CAP_SYS_ADMIN"}), host_with_lsm());
  ASSERT_TRUE(admin.has_value());
  for (const std::string_view path : {"kernel.mounts", "kernel.bpf", "kernel.filelessExec", "kernel.hostFiles"}) {
    EXPECT_THAT(admin->hardening.intents.denied_surfaces, Not(Contains(path)));
  }
  oci::Spec spec = spec_with({"CAP_CHOWN"});
  oci::Mount mount;
  mount.destination = "/debug";
  mount.type = "bind";
  mount.source = "/sys/kernel/debug";
  mount.options = {"rbind"};
  spec.mounts.push_back(mount);
  const Result<plan::Plan> debug = hardened(spec, host_with_lsm());
  ASSERT_TRUE(debug.has_value()) << debug.error().message();
  EXPECT_THAT(debug->hardening.intents.denied_surfaces, Not(Contains("kernel.hostFiles")));
  EXPECT_THAT(debug->hardening.intents.denied_surfaces, Contains("kernel.bpf"));
}

TEST(HardenLsm, OfTheNodeIsNotLifted) {
  const Result<plan::Plan> plan =
      hardened(spec_with({"CAP_SYS_ADMIN"}),
               host_with_lsm(),
               R"(,"kernel": {"filelessExec": {"value": "deny", "reason": "r"}})");
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  EXPECT_THAT(plan->hardening.intents.denied_surfaces, Contains("kernel.filelessExec"));
}

TEST(HardenLsm, FallsBackAndSaysSo) {
  const Result<plan::Plan> plan = hardened(spec_with({"CAP_CHOWN"}), host_without_lsm());
  ASSERT_TRUE(plan.has_value());
  EXPECT_THAT(plan->hardening.intents.denied_surfaces, IsEmpty());
  EXPECT_EQ(backend_of(*plan, "kernel.hostFiles"), "mount");
  EXPECT_EQ(backend_of(*plan, "kernel.filelessExec"), "");
  const auto layer = std::find_if(plan->hardening.layers.begin(),
                                  plan->hardening.layers.end(),
                                  [](const plan::LayerState& l) { return l.layer == "bpf-lsm"; });
  ASSERT_NE(layer, plan->hardening.layers.end());
  EXPECT_EQ(layer->level, "off");
  EXPECT_THAT(layer->reason, HasSubstr("no bpf in lsm="));
}

// It is long; the layer has it whole.
TEST(HardenLsm, TheReasonIsToldOnce) {
  const std::string reports = R"(,"syscalls": {"report": {"value": true, "reason": "r"}})";
  plan::HostFacts host = host_without_lsm();
  host.filter_report_lack = "no BPF LSM: no bpf in lsm=";
  const Result<plan::Plan> plan = hardened(spec_with({"CAP_CHOWN"}), host, reports);
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  EXPECT_EQ(note_of(*plan, "kernel.filelessExec"), "no BPF LSM: see layer bpf-lsm");
  EXPECT_EQ(note_of(*plan, "syscalls.report"), "no BPF LSM: see layer bpf-lsm");
  EXPECT_EQ(note_of(*plan, "kernel.hostFiles"),
            "only where files.masked and files.readonly say so; no BPF LSM: see layer bpf-lsm");
}

// The profile default says of itself that it goes without; who asks for the same rule does not.
TEST(HardenLsm, RequiredNeedsWhatItAskedForItself) {
  const std::string required = R"(,"mode": {"value": "required", "reason": "r"})";
  const std::string fileless = R"(,"kernel": {"filelessExec": {"value": "deny", "reason": "r"}})";
  const oci::Spec spec = spec_with({"CAP_CHOWN"});
  EXPECT_TRUE(hardened(spec, host_without_lsm(), required).has_value());
  EXPECT_TRUE(hardened(spec, host_with_lsm(), required + fileless).has_value());
  const Result<plan::Plan> refused = hardened(spec, host_without_lsm(), required + fileless);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message(), HasSubstr("kernel.filelessExec (node.json"));
  EXPECT_THAT(refused.error().message(), HasSubstr("no BPF LSM: no bpf in lsm="));
}

}  // namespace
}  // namespace redoubt::policy
