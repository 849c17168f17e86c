#include "plan/plan_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::plan {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(PlanText, LeavesOutWhatIsNotAsked) {
  const std::string text = to_text(Plan());
  EXPECT_THAT(text, Not(HasSubstr("[mounts]")));
  EXPECT_THAT(text, Not(HasSubstr("[seccomp]")));
  EXPECT_THAT(text, HasSubstr("capabilities bounding: none\n"));
}

TEST(PlanText, KeepsOneFactOnOneLine) {
  Plan plan;
  plan.process.args = {"a\nfake: line", "\x1b[31m"};
  const std::string text = to_text(plan);
  EXPECT_THAT(text, HasSubstr(R"(arg "a\nfake: line")"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(PlanText, TellsPlansApart) {
  Plan one;
  one.process.capabilities.bounding = 1;
  Plan two = one;
  EXPECT_EQ(to_text(one), to_text(two));
  two.process.capabilities.bounding = 3;
  EXPECT_NE(to_text(one), to_text(two));
  two = one;
  two.cgroup.device_rules.push_back({true, 'c', 1, std::nullopt, true, false, false});
  EXPECT_THAT(to_text(two), HasSubstr("allow c 1:* r\n"));
}

TEST(PlanText, ShowsTheNetworkFilterWhereThereIsOne) {
  Plan plan;
  EXPECT_THAT(to_text(plan), Not(HasSubstr("network")));
  plan.cgroup.network.restricts_connect = plan.cgroup.network.restricts_bind = true;
  plan.cgroup.network.connect.emplace_back();
  EXPECT_THAT(to_text(plan),
              HasSubstr("[network filter]\nmay reach\n  tcp 0.0.0.0/0 1-65535\nmay be bound to nothing\n"));
}

TEST(PlanText, ShowsWhatPolicyAdds) {
  Plan plan;
  EXPECT_THAT(to_text(plan), Not(HasSubstr("[policy]")));
  plan.hardening.landlock.handled_fs = 5;
  plan.hardening.landlock.scoped = 2;
  plan.hardening.landlock.paths.push_back({"/etc", 4});
  plan.hardening.intents.denied_surfaces = {"kernel.bpf"};
  plan.hardening.intents.families = 2;
  plan.hardening.profile = "p";
  plan.hardening.mode = "required";
  plan.hardening.decisions.push_back({"kernel.bpf", "deny", "p.json:3", "", "no kernel for it"});
  plan.hardening.layers.push_back({"landlock", "active", "ABI 7"});
  plan.seccomp_floor.emplace_back();
  const std::string text = to_text(plan);
  EXPECT_THAT(text,
              HasSubstr("[landlock]\nrestricts: execute read_file\nscopes: signal\n"
                        "below \"/etc\": read_file\n"));
  EXPECT_THAT(text, HasSubstr("[bpf lsm]\ndeny kernel.bpf\nsockets of AF_UNIX\n"));
  EXPECT_THAT(text,
              HasSubstr("kernel.bpf: deny\n  from p.json:3\n  by nothing\n  lacks: no kernel for it\n"));
  EXPECT_THAT(text, HasSubstr("[layers]\nlandlock: active, ABI 7\n"));
  EXPECT_THAT(text, HasSubstr("[seccomp of the policy]\n"));
}

TEST(PlanText, NamesUnlimitedAndModes) {
  Plan plan;
  plan.process.rlimits.push_back({7, 5, ~uint64_t{0}});
  plan.process.umask = 027;
  plan.devices.push_back({"/dev/x", 'b', 8, 1, 0640, 1, 2});
  const std::string text = to_text(plan);
  EXPECT_THAT(text, HasSubstr("RLIMIT_NOFILE: soft 5 hard unlimited\n"));
  EXPECT_THAT(text, HasSubstr("umask: 0027\n"));
  EXPECT_THAT(text, HasSubstr("\"/dev/x\" b 8:1 mode 0640 owner 1:2\n"));
}

}  // namespace
}  // namespace redoubt::plan
