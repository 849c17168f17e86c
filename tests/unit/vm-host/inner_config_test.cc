#include "escalate-vm/host/inner_config.h"

#include <sys/resource.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::vm {
namespace {

plan::Plan container() {
  plan::Plan plan;
  plan.id = "web";
  plan.rootfs.path = "/bundle/rootfs";
  plan::Mount& volume = plan.mounts.emplace_back();
  volume.kind = plan::MountKind::kBind;
  volume.source = "/host/data";
  volume.spec_index = 1;
  return plan;
}

std::string inner(const char* text) {
  return json::dump(inner_config(*json::parse(text, "config.json"), container(), {}));
}

TEST(InnerConfig, PutsTheShareInPlaceOfPathsOfTheHost) {
  const std::string text = inner(
      R"({"root":{"path":"/bundle/rootfs"},"mounts":[{"destination":"/proc","type":"proc","source":"proc"},)"
      R"({"destination":"/data","source":"/host/data","options":["bind"]}]})");
  EXPECT_THAT(text, testing::HasSubstr(R"("root":{"path":"/share/web/rootfs","readonly":false})"));
  EXPECT_THAT(text, testing::HasSubstr(R"("source":"/share/web/volumes/0")"));
  EXPECT_THAT(text, testing::HasSubstr(R"({"destination":"/proc","type":"proc","source":"proc"})"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("/host")));
}

TEST(InnerConfig, PutsTheGuestsOwnInPlaceOfADeviceThatEveryKernelHas) {
  plan::Plan plan = container();
  plan.mounts.front().source = "/dev/null";
  const std::string text = json::dump(inner_config(
      *json::parse(R"({"mounts":[{},{"destination":"/etc/masked","source":"/dev/null","options":["bind"]}]})", "config.json"), plan, {}));
  EXPECT_THAT(text, testing::HasSubstr(R"("source":"/dev/null")"));
  plan.mounts.front().source = "/dev/sda";
  EXPECT_THAT(json::dump(inner_config(*json::parse(R"({"mounts":[{},{"source":"/dev/sda"}]})", "config.json"), plan, {})),
              testing::HasSubstr(R"("source":"/share/web/volumes/0")"));
}

TEST(InnerConfig, JoinsTheMachinesNetworkAndKeepsTheOtherNamespaces) {
  const std::string text = inner(
      R"({"mounts":[{},{}],"linux":{"namespaces":[{"type":"pid"},{"type":"network","path":"/run/netns/x"}]}})");
  EXPECT_THAT(text, testing::HasSubstr(
                        R"("namespaces":[{"type":"pid"},{"type":"network","path":"/proc/1/ns/net"}])"));
}

TEST(InnerConfig, NamesTheSandboxWhoseNamespacesAreJoined) {
  plan::Plan plan = container();
  plan.machine.emplace().sandbox = "s";
  const std::string text = json::dump(inner_config(
      *json::parse(R"({"mounts":[{},{}],"linux":{"namespaces":[{"type":"ipc","path":"/proc/84/ns/ipc"},{"type":"pid","path":""}]}})", "config.json"), plan, {}));
  EXPECT_THAT(text, testing::HasSubstr(R"("namespaces":[{"type":"ipc","path":"container:s"},{"type":"pid","path":""}])"));
}

TEST(InnerConfig, LeavesOutWhatIsTheHosts) {
  const std::string text = inner(
      R"({"mounts":[{},{}],"process":{"args":["a"],"selinuxLabel":"x:y:z","apparmorProfile":"docker-default"},)"
      R"("hooks":{"prestart":[{"path":"/h"}],"startContainer":[{"path":"/in"}]},)"
      R"("linux":{"cgroupsPath":"/a","mountLabel":"l","intelRdt":{},"resources":{"memory":{"limit":1},"blockIO":{"weight":9},)"
      R"("unified":{"memory.high":"5","io.max":"x","cpuset.cpus":"0"},)"
      R"("cpu":{"quota":5,"cpus":"0-1"}}}})");
  for (const char* gone : {"selinuxLabel", "apparmorProfile", "prestart", "cgroupsPath", "mountLabel", "intelRdt", "blockIO", "cpus", "io.max"}) {
    EXPECT_THAT(text, testing::Not(testing::HasSubstr(gone)));
  }
  for (const char* kept : {"startContainer", R"("memory":{"limit":1})", R"("quota":5)", R"("unified":{"memory.high":"5"})"}) {
    EXPECT_THAT(text, testing::HasSubstr(kept));
  }
}

TEST(InnerProcess, KeepsWhatTheUserAskedFor) {
  const json::Value process =
      inner_process(*json::parse(R"({"args":["a"],"env":["A=b"],"cwd":"/","execCPUAffinity":{"initial":"0"},"rlimits":[]})", "process"), {});
  EXPECT_EQ(json::dump(process), R"({"args":["a"],"env":["A=b"],"cwd":"/","rlimits":[]})");
}

TEST(InnerProcess, HasTheLimitsThatItWouldInheritOnTheHost) {
  const std::vector<plan::Rlimit> inherited = {{RLIMIT_CORE, 0, RLIM_INFINITY}, {RLIMIT_NOFILE, 1024, 4096}};
  for (const char* none : {R"({"args":["a"]})", R"({"args":["a"],"rlimits":null})", R"({"args":["a"],"rlimits":[]})"}) {
    EXPECT_EQ(json::dump(inner_process(*json::parse(none, "process"), inherited)),
              R"({"args":["a"],"rlimits":[{"type":"RLIMIT_CORE","soft":0,"hard":18446744073709551615},)"
              R"({"type":"RLIMIT_NOFILE","soft":1024,"hard":4096}]})");
  }
  EXPECT_EQ(json::dump(inner_process(*json::parse(R"({"rlimits":[{"type":"RLIMIT_NOFILE","soft":7,"hard":8}]})", "process"), inherited)),
            R"({"rlimits":[{"type":"RLIMIT_NOFILE","soft":7,"hard":8},{"type":"RLIMIT_CORE","soft":0,"hard":18446744073709551615}]})");
  // What is no list is the guest's redoubt to refuse.
  EXPECT_EQ(json::dump(inner_process(*json::parse(R"({"rlimits":5})", "process"), inherited)), R"({"rlimits":5})");
}

}  // namespace
}  // namespace redoubt::vm
