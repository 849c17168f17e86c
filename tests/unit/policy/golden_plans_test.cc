// Whole configurations in the shape of the engines, resolved and compared as text. See
// tests/testdata/plans/README.md.
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "oci/spec_json.h"
#include "plan/capability_names.h"
#include "plan/plan_text.h"
#include "policy/resolve.h"

namespace redoubt::policy {
namespace {

struct Case {
  const char* name;
  uid_t euid;
  bool systemd_cgroup;
};

constexpr Case kCases[] = {
    {"buildkit", 0, false},
    {"containerd-cri", 0, true},
    {"docker", 0, true},
    {"podman", 0, true},
    {"privileged", 0, false},
    {"rootless", 1000, false},
    {"runc-spec", 0, false},
};

plan::HostFacts facts_of(const Case& c) {
  plan::HostFacts host;
  host.euid = c.euid;
  host.egid = c.euid;
  host.bounding_capabilities = plan::kAllCapabilities;
  host.selinux_enabled = true;
  host.apparmor_enabled = true;
  return host;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class GoldenPlans : public testing::TestWithParam<Case> {
 protected:
  static std::string folder() { return std::string(REDOUBT_TESTDATA "/plans/") + GetParam().name; }

  static Result<plan::Plan> resolved() {
    TRY_ASSIGN(const json::Value document,
               json::parse(read_text(folder() + "/config.json"), "config.json"));
    TRY_ASSIGN(const oci::Spec spec, oci::parse_spec(document));
    const plan::HostFacts host = facts_of(GetParam());
    Request request{spec, host, "c1", "/bundle"};
    request.systemd_cgroup = GetParam().systemd_cgroup;
    request.rootless = GetParam().euid != 0;
    return resolve(request);
  }
};

TEST_P(GoldenPlans, ResolvesToTheExpectedText) {
  const Result<plan::Plan> plan = resolved();
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  const std::string text = plan::to_text(*plan);
  const std::string path = folder() + "/expected.plan.txt";
  if (std::getenv("REDOUBT_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path) << text;
  }
  EXPECT_EQ(text, read_text(path));
}

TEST_P(GoldenPlans, ResolvesToTheSameTextEveryTime) {
  const Result<plan::Plan> first = resolved();
  const Result<plan::Plan> second = resolved();
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(plan::to_text(*first), plan::to_text(*second));
}

INSTANTIATE_TEST_SUITE_P(Engines,
                         GoldenPlans,
                         testing::ValuesIn(kCases),
                         [](const auto& param_info) {
                           std::string name = param_info.param.name;
                           for (char& c : name) {
                             c = c == '-' ? '_' : c;
                           }
                           return name;
                         });

}  // namespace
}  // namespace redoubt::policy
