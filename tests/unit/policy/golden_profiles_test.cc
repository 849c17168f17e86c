// Every shipped profile, compiled for a container as docker writes it, compared as text. See
// tests/testdata/plans/README.md.
#include <cstdlib>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "documents.h"
#include "oci/spec_json.h"
#include "plan/plan_text.h"
#include "specs.h"

namespace redoubt::policy {
namespace {

constexpr uint32_t kUser = 1000;

plan::HostFacts poor_host() {
  plan::HostFacts host = capable_host();
  host.selinux_enabled = false;
  host.bpf_lsm_lack = "the kernel's list of LSMs has no bpf (lsm= on its command line)";
  return host;
}

// Some are wider than default: the node allows all.
std::string node_allowing(const std::string& profile) {
  return node_text(concat(
      R"(,"node":{"allowedProfiles":[{"names":[")", profile, R"("],"reason":"to see it"}]})"));
}

Result<plan::Plan> compiled(const std::string& profile, const plan::HostFacts& host) {
  TRY_ASSIGN(const json::Value document,
             json::parse(read_text(REDOUBT_TESTDATA "/plans/docker/config.json"), "config.json"));
  TRY_ASSIGN(oci::Spec spec, oci::parse_spec(document));
  const PolicySources sources{SourceText{node_allowing(profile), "node.json"}, lookup_with()};
  TRY_ASSIGN(const Effective policy,
             choose_policy(sources, {{"io.redoubt.profile", profile}}));
  if (policy.document[Field::kNonRoot].number != 0) {
    spec.process->user.uid = spec.process->user.gid = kUser;
  }
  return resolve({.spec = spec,
                  .host = host,
                  .id = "c1",
                  .bundle = "/bundle",
                  .systemd_cgroup = true,
                  .policy = &policy});
}

class GoldenProfiles : public testing::TestWithParam<std::string> {
 protected:
  static void compare(const std::string& variant, const plan::HostFacts& host) {
    const Result<plan::Plan> plan = compiled(GetParam(), host);
    const std::string text =
        plan ? plan::to_text(*plan) : concat("refused: ", plan.error().message(), "\n");
    const std::string path =
        concat(REDOUBT_TESTDATA "/plans/docker/profiles/", GetParam(), ".", variant, ".txt");
    if (std::getenv("REDOUBT_WRITE_GOLDEN") != nullptr) {
      std::ofstream(path) << text;
    }
    EXPECT_EQ(text, read_text(path));
  }
};

TEST_P(GoldenProfiles, CompilesToTheExpectedTextWithEveryLayer) {
  compare("rich", host_with_every_layer());
}

TEST_P(GoldenProfiles, CompilesToTheExpectedTextWithFewLayers) {
  compare("poor", poor_host());
}

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const EmbeddedProfile& profile : embedded_profiles()) {
    result.emplace_back(profile.name);
  }
  return result;
}

INSTANTIATE_TEST_SUITE_P(Shipped,
                         GoldenProfiles,
                         testing::ValuesIn(names()),
                         [](const auto& param_info) {
                           std::string name = param_info.param;
                           for (char& c : name) {
                             c = c == '-' ? '_' : c;
                           }
                           return name;
                         });

}  // namespace
}  // namespace redoubt::policy
