#include "escalate-vm/guest/agent/bundle.h"

#include <gtest/gtest.h>

namespace redoubt::agent {
namespace {

vm::Request request(std::string_view config) {
  vm::Request out;
  out.op = vm::Op::kCreate;
  out.container = "c";
  out.document = *json::parse(config, "config");
  return out;
}

TEST(AdaptConfig, ReplacesWhatBelongsToTheHost) {
  const vm::Request create = request(
      R"({"root":{"path":"/host/rootfs"},"linux":{"cgroupsPath":"a:b:c","rootfsPropagation":"slave"},"process":{"terminal":true,"cwd":"/"}})");
  EXPECT_EQ(
      json::dump(adapt_config(create)),
      R"({"root":{"path":"/share/c/rootfs"},"linux":{"cgroupsPath":"/c","rootfsPropagation":"slave"},"process":{"terminal":false,"cwd":"/"}})");
}

TEST(AdaptConfig, AddsWhatIsMissing) {
  EXPECT_EQ(json::dump(adapt_config(request("{}"))),
            R"({"root":{"path":"/share/c/rootfs"},"linux":{"cgroupsPath":"/c"},"process":null})");
}

TEST(AdaptConfig, PutsAReadOnlyRootOnAnOverlay) {
  const vm::Request create = request(R"({"root":{"path":"x","readonly":true}})");
  EXPECT_TRUE(has_read_only_root(create.document));
  EXPECT_EQ(adapt_config(create).find("root")->find("path")->as_string(), "/run/bundles/c/rootfs");
}

TEST(JoinContainers, NamesTheProcessWhoseNamespaceItIs) {
  json::Value config = *json::parse(
      R"({"linux":{"namespaces":[{"type":"pid"},{"type":"ipc","path":"container:s"},{"type":"mount","path":"container:s"},{"type":"network","path":"/proc/1/ns/net"}]}})",
      "config");
  const auto pid_of = [](const std::string& name) { return name == "s" ? 84 : 0; };
  ASSERT_TRUE(join_containers(config, pid_of));
  EXPECT_EQ(json::dump(config),
            R"({"linux":{"namespaces":[{"type":"pid"},{"type":"ipc","path":"/proc/84/ns/ipc"},{"type":"mount","path":"/proc/84/ns/mnt"},{"type":"network","path":"/proc/1/ns/net"}]}})");
  json::Value unknown = *json::parse(R"({"linux":{"namespaces":[{"type":"ipc","path":"container:x"}]}})", "config");
  EXPECT_FALSE(join_containers(unknown, pid_of));
}

TEST(AdaptConfig, LeavesMistakesToTheInnerRedoubt) {
  EXPECT_EQ(json::dump(adapt_config(request(R"({"root":1,"linux":[],"process":"x"})"))),
            R"({"root":1,"linux":[],"process":"x"})");
}

TEST(AdaptProcess, SaysTheTerminalAndItsSize) {
  vm::Stdio stdio;
  stdio.terminal = 3;
  stdio.size = {24, 80};
  EXPECT_EQ(json::dump(adapt_process(*json::parse(R"({"args":["sh"]})", "process"), stdio)),
            R"({"args":["sh"],"terminal":true,"consoleSize":{"height":24,"width":80}})");
}

}  // namespace
}  // namespace redoubt::agent
