#include "oci/spec_json.h"

#include <functional>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str.h"
#include "documents.h"

namespace redoubt::oci {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

Spec full_spec() {
  Result<Spec> spec = parse_spec(parse_text(bundle_text("full")));
  EXPECT_TRUE(spec) << spec.error().message();
  return spec ? *spec : Spec();
}

TEST(ParseSpec, ReadsEveryBundle) {
  for (const char* name : kBundles) {
    const Result<Spec> spec = parse_spec(parse_text(bundle_text(name)));
    EXPECT_TRUE(spec) << name << ": " << spec.error().message();
  }
}

TEST(ParseSpec, ReadsProcess) {
  const Spec spec = full_spec();
  const Process& process = *spec.process;
  EXPECT_TRUE(process.terminal);
  EXPECT_EQ(process.console_size->height, 24U);
  EXPECT_EQ(process.console_size->width, 80U);
  EXPECT_EQ(process.user.uid, 1000U);
  EXPECT_EQ(process.user.gid, 1001U);
  EXPECT_EQ(process.user.umask, 077U);
  EXPECT_THAT(process.user.additional_gids, ElementsAre(5, 20));
  EXPECT_THAT(process.args, ElementsAre("sh", "-c", "true"));
  EXPECT_EQ(process.cwd, "/work");
  EXPECT_THAT(*process.capabilities->ambient, ElementsAre("CAP_KILL"));
  EXPECT_EQ(process.rlimits[1].hard, UINT64_MAX);
  EXPECT_TRUE(process.no_new_privileges);
  EXPECT_EQ(process.apparmor_profile, "unconfined");
  EXPECT_EQ(process.oom_score_adj, 100);
  EXPECT_EQ(process.scheduler->policy, "SCHED_DEADLINE");
  EXPECT_EQ(process.scheduler->deadline, 30000000U);
  EXPECT_EQ(process.io_priority->io_class, "IOPRIO_CLASS_BE");
  EXPECT_EQ(process.exec_cpu_affinity->initial, "0-1");
  EXPECT_EQ(process.exec_cpu_affinity->final_, "2,3");
}

TEST(ParseSpec, ReadsMountsHooksAnnotations) {
  const Spec spec = full_spec();
  EXPECT_EQ(spec.mounts[1].destination, "/data");
  EXPECT_EQ(spec.mounts[1].uid_mappings[0].host_id, 1000U);
  EXPECT_EQ(spec.hooks.create_container[0].args[1], "createContainer");
  EXPECT_EQ(spec.hooks.poststop[0].timeout, 5);
  EXPECT_THAT(spec.annotations,
              ElementsAre(Pair("com.example.KEY", "differs only in case"),
                          Pair("com.example.key", "value")));
}

TEST(ParseSpec, ReadsLinux) {
  const Spec spec = full_spec();
  const Linux& config = *spec.linux_;
  EXPECT_EQ(config.devices[0].file_mode, 0666U);
  EXPECT_THAT(config.net_devices, ElementsAre(Pair("ens4", ""), Pair("eth0", "ceth0")));
  EXPECT_EQ(config.uid_mappings[0].size, 65536U);
  EXPECT_EQ(config.sysctl.at("kernel.shmmax"), "68719476736");
  EXPECT_EQ(config.namespaces.size(), 8U);
  EXPECT_EQ(config.seccomp->listener_path, "/run/agent.sock");
  EXPECT_EQ(config.seccomp->default_errno_ret, 38U);
  EXPECT_EQ(config.seccomp->syscalls[0].args[0].value_two, 2U);
  EXPECT_EQ(config.rootfs_propagation, "rslave");
  EXPECT_THAT(*config.intel_rdt->schemata, ElementsAre("L3:0=f"));
  EXPECT_TRUE(config.intel_rdt->enable_monitoring);
  EXPECT_EQ(config.memory_policy->mode, "MPOL_BIND");
  EXPECT_EQ(config.personality->domain, "LINUX32");
  EXPECT_EQ(config.time_offsets.at("boottime").secs, -60);
}

TEST(ParseSpec, ReadsResources) {
  const Resources resources = *full_spec().linux_->resources;
  EXPECT_EQ(resources.devices[0].major, -1);
  EXPECT_EQ(resources.memory->kernel, -1);
  EXPECT_EQ(resources.memory->check_before_update, true);
  EXPECT_EQ(resources.cpu->burst, 50000U);
  EXPECT_EQ(resources.cpu->cpus, "0-3,5");
  EXPECT_EQ(resources.cpu->idle, 0);
  EXPECT_EQ(resources.pids_limit, 32);
  EXPECT_EQ(resources.block_io->weight_device[0].leaf_weight, 300);
  EXPECT_EQ(resources.block_io->write_iops[0].rate, 100U);
  EXPECT_EQ(resources.network->class_id, 1048577U);
  EXPECT_EQ(resources.rdma.at("mlx5_1").hca_objects, 10000U);
}

TEST(ParseSpec, UnifiedKeepsDocumentOrder) {
  EXPECT_THAT(full_spec().linux_->resources->unified,
              ElementsAre(Pair("memory.high", "400000000"),
                          Pair("cgroup.max.depth", "2"),
                          Pair("io.max", "8:0 rbps=2097152")));
}

TEST(ParseSpec, AbsentStaysAbsent) {
  const Result<Spec> spec = parse_spec(parse_text("{}"));
  ASSERT_TRUE(spec);
  EXPECT_FALSE(spec->process || spec->root || spec->linux_);
}

TEST(ParseSpec, IgnoresUnknownMembers) {
  EXPECT_TRUE(
      parse_spec(parse_text(R"({"windows":{"x":1},"process":{"cwd":"/","commandLine":7}})")));
}

TEST(ParseSpec, NullCountsAsAbsent) {
  const Result<Spec> spec = parse_spec(parse_text(
      R"({"ociVersion":null,"process":{"args":[null,"b"],"user":null,"capabilities":{"bounding":null,"ambient":[]}},
          "mounts":null,"annotations":{"a":null},"linux":{"resources":{"pids":{"limit":null}},"netDevices":null}})"));
  ASSERT_TRUE(spec) << spec.error().message();
  EXPECT_THAT(spec->process->args, ElementsAre("", "b"));
  EXPECT_FALSE(spec->process->capabilities->bounding);
  EXPECT_TRUE(spec->process->capabilities->ambient);  // empty is not absent
  EXPECT_THAT(spec->annotations, ElementsAre(Pair("a", "")));
  EXPECT_FALSE(spec->linux_->resources->pids_limit);
}

TEST(ParseSpec, TakesAKeyThatDiffersOnlyInCase) {
  const Result<Spec> spec =
      parse_spec(parse_text(R"({"PROCESS":{"Cwd":"/a","noNewPRIVILEGES":true}})"));
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->process->cwd, "/a");
  EXPECT_TRUE(spec->process->no_new_privileges);
}

// Two readers of such a document could see different processes.
TEST(ParseSpec, RefusesTwoKeysForOneField) {
  const char* documents[] = {R"({"process":{},"Process":{}})",
                             R"({"Process":{},"PROCESS":{}})",
                             R"({"process":{},"proce)"
                             "\xc5\xbf"
                             R"(s":{}})"};
  for (const char* document : documents) {
    const Result<Spec> spec = parse_spec(parse_text(document));
    ASSERT_FALSE(spec) << document;
    EXPECT_THAT(spec.error().message(), HasSubstr("only in case")) << document;
  }
}

TEST(ParseSpec, TopLevelMustBeAnObject) {
  for (const char* text : {"[]", "3", "\"x\"", "true", "null"}) {
    const Result<Spec> spec = parse_spec(parse_text(text));
    ASSERT_FALSE(spec);
    EXPECT_THAT(spec.error().message(), HasSubstr("top level must be an object, got ")) << text;
  }
}

TEST(ParseSpec, NamesTheWantedTypeOrRange) {
  struct Case {
    const char* path;
    const char* json;
    const char* wanted;
  };
  const Case cases[] = {
      {"process.args[1]", "7", "process.args[1]: must be a string, got number"},
      {"process.args", "\"sh\"", "process.args: must be an array, got string"},
      {"process", "[]", "process: must be an object, got array"},
      {"process.terminal", "\"yes\"", "process.terminal: must be true or false, got string"},
      {"process.user.uid", "\"0\"", "process.user.uid: must be an integer, got string"},
      {"process.user.uid", "-1", "process.user.uid: -1 is not an integer in range 0 to 4294967295"},
      {"process.user.uid", "4294967296", "process.user.uid: 4294967296 is not an integer in range"},
      {"process.oomScoreAdj",
       "2147483648",
       "process.oomScoreAdj: 2147483648 is not an integer in range -2147483648 to 2147483647"},
      {"process.oomScoreAdj",
       "-2147483649",
       "process.oomScoreAdj: -2147483649 is not an integer in range"},
      {"process.user.uid", "0.0", "process.user.uid: 0 is not an integer in range"},
      {"linux.resources.pids.limit",
       "1.5",
       "linux.resources.pids.limit: 1.5 is not an integer in range"},
      {"linux.resources.pids.limit",
       "1e30",
       "linux.resources.pids.limit: 1e+30 is not an integer in range"},
      {"linux.resources.pids.limit",
       "9223372036854775808",
       "linux.resources.pids.limit: 9223372036854775808 is not an integer in range"},
      {"process.rlimits[0].hard",
       "-1",
       "process.rlimits[0].hard: -1 is not an integer in range 0 to 18446744073709551615"},
      {"process.rlimits[0].hard",
       "18446744073709551616",
       "process.rlimits[0].hard: 18446744073709552000 is not"},
      {"linux.resources.blockIO.weight",
       "65536",
       "linux.resources.blockIO.weight: 65536 is not an integer in range 0 to 65535"},
      {"linux.sysctl[\"net.ipv4.ip_forward\"]",
       "1",
       "linux.sysctl[\"net.ipv4.ip_forward\"]: must be a string, got number"},
      {"linux.netDevices.eth0.name", "1", "linux.netDevices[\"eth0\"].name: must be a string"},
      {"linux.netDevices.eth0", "\"x\"", "linux.netDevices[\"eth0\"]: must be an object"},
  };
  for (const Case& c : cases) {
    json::Value document = parse_text(bundle_text("full"));
    put(document, c.path, c.json);
    const Result<Spec> spec = parse_spec(document);
    ASSERT_FALSE(spec) << c.path;
    EXPECT_THAT(spec.error().message(), StartsWith(c.wanted));
  }
}

// Walks every place of a document with its path as messages write it.
class Walk {
 public:
  using Visit = std::function<void(json::Value& place, const std::string& path)>;
  explicit Walk(Visit visit) : visit_(std::move(visit)) {}

  void go(json::Value& place, const std::string& path) {
    visit_(place, path);
    if (place.is_array()) {
      for (size_t i = 0; i < place.as_array().size(); ++i) {
        go(place.as_array()[i], concat(path, "[", i, "]"));
      }
    } else if (place.is_object()) {
      const std::string name = path.substr(path.rfind('.') + 1);
      for (json::Member& member : place.as_object()) {
        go(member.value,
           kMaps.contains(name) ? concat(path, "[", quote(member.key), "]")
           : path.empty()       ? member.key
                                : concat(path, ".", member.key));
      }
    }
  }

 private:
  static inline const std::set<std::string> kMaps = {
      "annotations", "sysctl", "unified", "rdma", "timeOffsets", "netDevices"};
  Visit visit_;
};

std::string_view kind_of(const json::Value& value) {
  return value.is_number() ? "number" : value.type_name();
}

// Every field of a document that has them all, with every wrong type in its place.
TEST(ParseSpec, EveryFieldRefusesEveryOtherTypeByItsPath) {
  json::Value document = parse_text(bundle_text("full"));
  const json::Value wrong[] = {
      true, 7, "text", json::Value(json::Array()), json::Value(json::Object())};
  size_t mutants = 0;
  Walk walk([&](json::Value& place, const std::string& path) {
    if (path.empty()) {
      return;
    }
    const json::Value right = place;
    for (const json::Value& value : wrong) {
      if (kind_of(value) == kind_of(right)) {
        continue;
      }
      place = value;
      const Result<Spec> spec = parse_spec(document);
      EXPECT_FALSE(spec) << path << " took a " << value.type_name();
      if (!spec) {
        EXPECT_THAT(spec.error().message(), StartsWith(path + ": must be "));
      }
      ++mutants;
    }
    place = right;
  });
  walk.go(document, "");
  EXPECT_GT(mutants, 1000U);
}

TEST(ParseSpec, EveryNumberRefusesFractionsAndExcess) {
  json::Value document = parse_text(bundle_text("full"));
  size_t mutants = 0;
  Walk walk([&](json::Value& place, const std::string& path) {
    if (!place.is_number()) {
      return;
    }
    const json::Value right = place;
    for (const double value : {1.5, 1e40, -1e40}) {
      place = value;
      const Result<Spec> spec = parse_spec(document);
      ASSERT_FALSE(spec) << path;
      EXPECT_THAT(spec.error().message(), StartsWith(path + ": "));
      EXPECT_THAT(spec.error().message(), HasSubstr("is not an integer in range"));
      ++mutants;
    }
    place = right;
  });
  walk.go(document, "");
  EXPECT_GT(mutants, 150U);
}

TEST(ParseSpec, EveryFieldTakesNull) {
  json::Value document = parse_text(bundle_text("full"));
  Walk walk([&](json::Value& place, const std::string& path) {
    const json::Value right = std::exchange(place, json::Value());
    if (!path.empty()) {
      const Result<Spec> spec = parse_spec(document);
      EXPECT_TRUE(spec) << path << ": " << spec.error().message();
    }
    place = right;
  });
  walk.go(document, "");
}

TEST(ParseProcess, PathsStartWithProcess) {
  const Result<Process> process = parse_process(parse_text(R"({"args":["a",1]})"));
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().message(), "process.args[1]: must be a string, got number");
}

TEST(ParseResources, ReadsWhatEnginesSend) {
  const Result<Resources> resources = parse_resources(parse_text(
      R"({"memory":{"limit":33554432,"checkBeforeUpdate":true},"cpu":{"shares":0,"cpus":""},"pids":{"limit":-1}})"));
  ASSERT_TRUE(resources);
  EXPECT_EQ(resources->memory->limit, 33554432);
  EXPECT_EQ(resources->pids_limit, -1);
  EXPECT_EQ(resources->cpu->cpus, "");
}

TEST(ParseResources, PathsStartWithResources) {
  const Result<Resources> resources = parse_resources(parse_text(R"({"cpu":{"shares":-5}})"));
  ASSERT_FALSE(resources);
  EXPECT_THAT(resources.error().message(), StartsWith("resources.cpu.shares: -5 is not"));
}

}  // namespace
}  // namespace redoubt::oci
