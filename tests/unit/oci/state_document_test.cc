#include "oci/state_document.h"

#include <gtest/gtest.h>

namespace redoubt::oci {
namespace {

TEST(StateDocument, HasRuncsMembersInRuncsOrder) {
  const StateDocument state{.id = "c1",
                            .pid = 42,
                            .status = "running",
                            .bundle = "/b",
                            .rootfs = "/b/rootfs",
                            .created = "2026-11-22T15:04:49.5Z",
                            .annotations = {{"b", "<2>"}, {"a", "1"}}};
  EXPECT_EQ(
      json::dump(state_document(state)),
      R"({"ociVersion":"1.3.0","id":"c1","pid":42,"status":"running","bundle":"/b","rootfs":"/b/rootfs",)"
      R"("created":"2026-11-22T15:04:49.5Z","annotations":{"a":"1","b":"\u003c2\u003e"},"owner":""})");
}

TEST(StateDocument, SaysWhyAMachineEnded) {
  EXPECT_EQ(state_document({}).find("reason"), nullptr);
  EXPECT_EQ(state_document({.reason = "the machine ended"}).find("reason")->as_string(), "the machine ended");
}

TEST(StateDocument, LeavesEmptyAnnotationsOut) {
  EXPECT_EQ(state_document({}).find("annotations"), nullptr);
  EXPECT_EQ(state_document({}).find("pid")->as_int(), 0);
}

TEST(HookStateDocument, HasNoPidWhenThereIsNone) {
  EXPECT_EQ(
      json::dump(hook_state_document({.id = "c1", .status = "creating", .pid = 7, .bundle = "/b"})),
      R"({"ociVersion":"1.3.0","id":"c1","status":"creating","pid":7,"bundle":"/b"})");
  EXPECT_EQ(
      json::dump(hook_state_document(
          {.id = "c1", .status = "stopped", .bundle = "/b", .annotations = {{"k", "v"}}})),
      R"({"ociVersion":"1.3.0","id":"c1","status":"stopped","bundle":"/b","annotations":{"k":"v"}})");
}

}  // namespace
}  // namespace redoubt::oci
