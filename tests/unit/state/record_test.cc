#include "runc-compat/state/record.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace redoubt::state {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

Record full_record() {
  Record record;
  record.id = "web1";
  record.bundle = "/b/web1";
  record.rootfs = "/b/web1/rootfs";
  record.created = "2026-11-23T22:54:01.5Z";
  record.owner_uid = 4294967294u;
  record.phase = Record::Phase::kCreated;
  record.creator_pid = 41;
  record.creator_start_time = 411;
  record.init_pid = 4194304;
  record.init_start_time = 18446744073709551615u;
  record.boot_id = "0f0e";
  record.systemd_cgroup = record.rootless = record.shares_pid_namespace = true;
  record.cgroup_path = "system.slice:runc:web1";
  record.cgroup_directory = "/sys/fs/cgroup/system.slice/runc-web1.scope";
  record.cgroup_unit = "runc-web1.scope";
  record.cgroup_inode = 9223372036854775809u;
  record.namespace_paths = {{"NEWNET", "/run/netns/x"}, {"NEWPID", "/proc/42/ns/pid"}};
  record.annotations = {{"a=b", "c=d"}, {"utf8", "\xc3\xa4 <&>"}};
  record.recorder_pid = 43;
  record.recorder_start_time = 431;
  record.intel_rdt_path = "/sys/fs/resctrl/web1";
  record.resources = R"({"memory":{"limit":1}})";
  return record;
}

TEST(Record, SurvivesTheRoundTrip) {
  const Record in = full_record();
  Result<Record> out = parse_record(format_record(in), "state.json");
  ASSERT_TRUE(out.has_value()) << out.error().message();
  EXPECT_EQ(format_record(*out), format_record(in));
  EXPECT_EQ(out->owner_uid, in.owner_uid);
  EXPECT_EQ(out->init_start_time, in.init_start_time);
  EXPECT_EQ(out->cgroup_inode, in.cgroup_inode);
  EXPECT_EQ(out->annotations, in.annotations);
  EXPECT_EQ(out->namespace_paths, in.namespace_paths);
  EXPECT_EQ(out->resources, in.resources);
  EXPECT_EQ(out->recorder_pid, in.recorder_pid);
  EXPECT_EQ(out->recorder_start_time, in.recorder_start_time);
  EXPECT_TRUE(out->systemd_cgroup && out->rootless && out->shares_pid_namespace);
}

TEST(Record, KeepsTheNamesThatOutsideToolsRead) {
  const json::Value root = *json::parse(format_record(full_record()), "state.json");
  EXPECT_EQ(root.find("init_process_pid")->as_int(), 4194304);
  EXPECT_EQ(root.find("cgroup_paths")->find("")->as_string(),
            "/sys/fs/cgroup/system.slice/runc-web1.scope");
  EXPECT_EQ(root.find("namespace_paths")->find("NEWPID")->as_string(), "/proc/42/ns/pid");
  const json::Array& labels = root.find("config")->find("labels")->as_array();
  EXPECT_EQ(labels.front().as_string(), "a=b=c=d");
  EXPECT_EQ(labels.back().as_string(), "bundle=/b/web1");
}

TEST(Record, SkipsMembersOfNewerWriters) {
  std::string text = format_record(full_record());
  text.insert(1, R"("from_the_future":{"x":[1,2]},)");
  EXPECT_TRUE(parse_record(text, "state.json").has_value());
}

struct Damage {
  const char* what;
  std::string from, to;
  const char* message;
};

TEST(Record, RefusesDamagedMembersByName) {
  const Damage table[] = {
      {"other version",
       R"("version":1)",
       R"("version":2)",
       "version 2 is not known to this release"},
      {"no version", R"("version":1,)", "", "version: missing"},
      {"version as text", R"("version":1)", R"("version":"1")", "version: missing or no integer"},
      {"phase", R"("phase":"created")", R"("phase":"x")", "phase: unknown value \"x\""},
      {"no id", R"("id":"web1",)", "", "id: missing"},
      {"id type", R"("id":"web1")", R"("id":1)", "id: want string, found integer"},
      {"negative pid",
       R"("init_process_pid":4194304)",
       R"("init_process_pid":-1)",
       "init_process_pid: want unsigned integer"},
      {"large pid",
       R"("init_process_pid":4194304)",
       R"("init_process_pid":4194305)",
       "init_process_pid: 4194305 is larger"},
      {"fractional pid",
       R"("init_process_pid":4194304)",
       R"("init_process_pid":1.5)",
       "init_process_pid: want unsigned integer"},
      {"created without init",
       R"("init_process_pid":4194304)",
       R"("init_process_pid":0)",
       "init_process_pid: missing"},
      {"flag", R"("rootless":true)", R"("rootless":"yes")", "rootless: want bool"},
      {"no boot", R"("boot_id":"0f0e")", R"("boot_id":"")", "boot_id: missing"},
      {"cgroup climbs",
       "/sys/fs/cgroup/system.slice/runc-web1.scope\",\"cgroup_unit",
       "/sys/../etc\",\"cgroup_unit",
       "cgroup_directory:"},
      {"cgroup relative",
       "/sys/fs/cgroup/system.slice/runc-web1.scope\",\"cgroup_unit",
       "sys\",\"cgroup_unit",
       "cgroup_directory:"},
      {"rdt climbs", "/sys/fs/resctrl/web1", "/sys/fs/resctrl/..", "intel_rdt_path:"},
      {"map",
       R"({"NEWNET":"/run/netns/x")",
       R"({"NEWNET":7)",
       "namespace_paths[\"NEWNET\"]: want string"},
      {"config", R"("config":{)", R"("config":[],"x":{)", "config: want object"},
      {"rootfs", R"("rootfs":"/b/web1/rootfs")", R"("rootfs":[])", "config: rootfs: want string"},
      {"duplicate", R"("id":"web1")", R"("id":"web1","id":"web2")", "state.json"},
  };
  for (const Damage& damage : table) {
    std::string text = format_record(full_record());
    const size_t at = text.find(damage.from);
    ASSERT_NE(at, std::string::npos) << damage.what;
    text.replace(at, damage.from.size(), damage.to);
    const Result<Record> record = parse_record(text, "state.json");
    ASSERT_FALSE(record.has_value()) << damage.what;
    EXPECT_THAT(record.error().message(), HasSubstr(damage.message)) << damage.what;
  }
}

TEST(Record, RefusesEveryTruncation) {
  const std::string text = format_record(full_record());
  for (size_t length = 0; length < text.size(); ++length) {
    ASSERT_FALSE(parse_record(std::string_view(text).substr(0, length), "state.json").has_value())
        << length;
  }
}

TEST(TimestampNow, IsRfc3339InUtcWithoutTrailingZeros) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(timestamp_now(),
                MatchesRegex("20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]("
                             "\\.[0-9]*[1-9])?Z"));
  }
}

}  // namespace
}  // namespace redoubt::state
