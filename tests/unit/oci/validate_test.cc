#include "oci/validate.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str.h"
#include "documents.h"
#include "oci/bundle.h"
#include "oci/spec_json.h"

namespace redoubt::oci {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// The full document with `json` at `path`; "accepted" or the message.
std::string verdict(std::string_view path, std::string_view json, Warnings* warnings = nullptr) {
  json::Value document = parse_text(bundle_text("full"));
  put(document, path, json);
  const Result<Spec> spec = parse_spec(document);
  if (!spec) {
    return spec.error().message();
  }
  Warnings ignored;
  const Status status = validate(*spec, warnings == nullptr ? ignored : *warnings);
  return status ? "accepted" : status.error().message();
}

TEST(Validate, AcceptsWhatEnginesWriteWithoutAWord) {
  for (const char* name : kBundles) {
    Warnings warnings;
    const Result<Spec> spec = load_spec_text(bundle_text(name), name, warnings);
    EXPECT_TRUE(spec) << name << ": " << spec.error().message();
    EXPECT_THAT(warnings, IsEmpty()) << name;
  }
}

struct Case {
  std::string path;
  std::string json;
  std::string wanted;  // the message starts with it
};

void expect_refusals(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    EXPECT_THAT(verdict(c.path, c.json), StartsWith(c.wanted))
        << c.path << " = " << c.json.substr(0, 80);
  }
}

std::string array_of(size_t count, const std::string& item) {
  std::string out = "[";
  for (size_t i = 0; i < count; ++i) {
    out += (i == 0 ? "" : ",") + item;
  }
  return out + "]";
}

TEST(Validate, RefusesBadTopLevels) {
  const std::string long_name = quote(std::string(65, 'h'));
  expect_refusals({
      {"ociVersion", "\"banana\"", "ociVersion: \"banana\" is not a version"},
      {"ociVersion", "\"1.0\"", "ociVersion: \"1.0\" is not a version"},
      {"ociVersion", "\"9.0.0\"", "ociVersion: \"9.0.0\" is not supported"},
      {"process", "", "process property must not be empty"},
      {"root", "", "root must be specified"},
      {"root.path", "\"\"", "root.path: must not be empty"},
      {"root.path", quote("/" + std::string(256, 'a')), "root.path: path component of 256 bytes"},
      {"linux", "", "linux: the section is missing"},
      {"hostname", long_name, "hostname: longer than 64 bytes"},
      {"domainname", long_name, "domainname: longer than 64 bytes"},
  });
}

TEST(Validate, RefusesBadProcesses) {
  expect_refusals({
      {"process.cwd", "", "process.cwd: Cwd property must not be empty"},
      {"process.cwd", "\"work\"", "process.cwd: Cwd must be an absolute path"},
      {"process.cwd",
       quote("/" + std::string(5000, '/')),
       "process.cwd: path of 5001 bytes; at most 4095"},
      {"process.args", "[]", "process.args: args must not be empty"},
      {"process.args", "", "process.args: args must not be empty"},
      {"process.env[1]", "\"TERM\"", "process.env[1]: invalid environment variable: missing '='"},
      {"process.env[0]",
       "\"=x\"",
       "process.env[0]: invalid environment variable: name cannot be empty"},
      {"process.user.uid", "4294967295", "process.user.uid: 4294967295 is not a user id"},
      {"process.user.gid", "4294967295", "process.user.gid: 4294967295 is not a group id"},
      {"process.user.additionalGids[1]", "4294967295", "process.user.additionalGids[1]: "},
      {"process.user.additionalGids",
       array_of(70000, "1"),
       "process.user.additionalGids: 70000 entries, kernel limit 65536"},
      {"process.rlimits[0].soft", "4096", "process.rlimits[0]: soft 4096 > hard 2048"},
      {"process.rlimits[1].type",
       "\"RLIMIT_NOFILE\"",
       "process.rlimits[1]: \"RLIMIT_NOFILE\" is given twice"},
      {"process.consoleSize.height", "65536", "process.consoleSize: 65536x80"},
      {"process.oomScoreAdj", "1001", "process.oomScoreAdj: 1001 is not in range -1000 to 1000"},
      {"process.oomScoreAdj", "-1001", "process.oomScoreAdj: -1001 is not in range"},
      {"process.scheduler.policy", "", "process.scheduler.policy: scheduler policy is required"},
      {"process.scheduler",
       R"({"policy":"SCHED_OTHER","nice":20})",
       "process.scheduler.nice: invalid scheduler.nice: 20"},
      {"process.scheduler",
       R"({"policy":"SCHED_BATCH","nice":-21})",
       "process.scheduler.nice: invalid scheduler.nice: -21"},
      {"process.scheduler",
       R"({"policy":"SCHED_OTHER","priority":1})",
       "process.scheduler.priority: scheduler.priority can only"},
      {"process.scheduler",
       R"({"policy":"SCHED_FIFO","runtime":1})",
       "process.scheduler: scheduler runtime/deadline/period"},
      {"process.ioPriority.priority",
       "8",
       "process.ioPriority.priority: invalid ioPriority.Priority: 8"},
      {"process.ioPriority.priority",
       "-1",
       "process.ioPriority.priority: invalid ioPriority.Priority: -1"},
      {"process.execCPUAffinity.initial",
       "\"3-1\"",
       "process.execCPUAffinity.initial: \"3-1\": bad range \"3-1\""},
      {"process.execCPUAffinity.final", "\"x\"", "process.execCPUAffinity.final: \"x\": bad range"},
  });
}

TEST(Validate, RefusesBadNamespaces) {
  expect_refusals({
      {"linux.namespaces[8]",
       R"({"type":"pid"})",
       "linux.namespaces[8]: malformed spec file: duplicated ns \"pid\""},
      {"linux.namespaces[8]",
       R"({"type":"Mount"})",
       "linux.namespaces[8]: namespace \"Mount\" does not exist"},
      {"linux.namespaces[7].path",
       "\"netns\"",
       "linux.namespaces[7].path: \"netns\" must be an absolute path"},
      {"linux.namespaces",
       R"([{"type":"mount"}])",
       "linux.uidMappings: user namespace mappings specified, but user namespace isn't"},
      {"linux.uidMappings",
       "[]",
       "linux.uidMappings: user namespaces enabled, but no uid mappings found"},
      {"linux.gidMappings",
       "",
       "linux.gidMappings: user namespaces enabled, but no gid mappings found"},
      {"linux.uidMappings[0].size", "0", "linux.uidMappings[0].size: must not be 0"},
      {"linux.uidMappings[0].containerID",
       "1",
       "linux.uidMappings: user namespaces enabled, but no mapping found for uid 0"},
      {"linux.gidMappings[0].containerID",
       "1",
       "linux.gidMappings: user namespaces enabled, but no mapping found for gid 0"},
      {"linux.uidMappings[1]",
       R"({"containerID":65535,"hostID":0,"size":1})",
       "linux.uidMappings[1]: overlaps [0]"},
      {"linux.uidMappings[1]",
       R"({"containerID":70000,"hostID":165535,"size":9})",
       "linux.uidMappings[1]: overlaps [0]"},
      {"linux.gidMappings[0].size",
       "4294967295",
       "linux.gidMappings[0]: size 4294967295 reaches beyond"},
      {"linux.uidMappings",
       array_of(341, R"({"containerID":0,"hostID":0,"size":1})"),
       "linux.uidMappings: 341 entries, kernel limit 340"},
      {"linux.timeOffsets.monotonic.nanosecs",
       "1000000000",
       "linux.timeOffsets[\"monotonic\"].nanosecs: 1000000000 is not below"},
      {"linux.timeOffsets.realtime",
       R"({"secs":1})",
       "linux.timeOffsets[\"realtime\"]: unknown clock"},
      {"linux.namespaces[6].path",
       "\"/proc/1/ns/time\"",
       "linux.timeOffsets: time namespace enabled, but both namespace path"},
      {"linux.namespaces[6]", R"({"type":"mount"})", "linux.namespaces[6]: malformed"},
      {"linux.netDevices[\"a/b\"]",
       "{}",
       "linux.netDevices[\"a/b\"]: invalid network device name \"a/b\""},
      {"linux.netDevices.ens4.name",
       "\"a234567890123456\"",
       "linux.netDevices[\"ens4\"]: invalid network device name"},
      {"linux.netDevices.ens4.name",
       "\"..\"",
       "linux.netDevices[\"ens4\"]: invalid network device name \"..\""},
      {"linux.netDevices.ens4.name",
       "\"ceth0\"",
       "linux.netDevices[\"eth0\"]: a second network device would be named \"ceth0\""},
  });
}

// Without a namespace of its own the container would act on the host.
TEST(Validate, RefusesWhatNeedsAPrivateNamespace) {
  json::Value document = parse_text(bundle_text("full"));
  for (const char* part : {"linux.uidMappings",
                           "linux.gidMappings",
                           "linux.timeOffsets",
                           "linux.netDevices",
                           "linux.sysctl"}) {
    put(document, part, "");
  }
  const auto message = [&](const char* namespaces) {
    put(document, "linux.namespaces", namespaces);
    Warnings warnings;
    const Status status = validate(*parse_spec(document), warnings);
    return status ? "accepted" : status.error().message();
  };
  EXPECT_EQ(message(R"([{"type":"mount"},{"type":"uts"}])"), "accepted");
  EXPECT_EQ(message(R"([{"type":"mount"}])"),
            "hostname: unable to set hostname without a private UTS namespace");
  EXPECT_EQ(message(R"([{"type":"uts"}])"),
            "linux.namespaces: unable to make the root file system without a private MNT namespace: the "
            "mounts and pivot_root(2) would be the host's; add {\"type\": \"mount\"}");
  put(document, "hostname", "");
  EXPECT_EQ(message(R"([{"type":"mount"}])"),
            "domainname: unable to set domainname without a private UTS namespace");
  put(document, "linux.timeOffsets.monotonic", "{}");
  EXPECT_THAT(message(R"([{"type":"mount"},{"type":"uts"}])"),
              StartsWith("linux.timeOffsets: time namespace offsets specified"));
  put(document, "linux.timeOffsets", "");
  put(document, "linux.netDevices.eth0", "{}");
  EXPECT_THAT(message(R"([{"type":"mount"},{"type":"uts"}])"),
              StartsWith("linux.netDevices: unable to move"));
}

TEST(Validate, RefusesBadMounts) {
  expect_refusals({
      {"mounts[1].destination", "", "mounts[1].destination: must not be empty"},
      {"mounts[1].destination", "\"/\"", "mounts[1].destination: \"/\" is the container's root"},
      {"mounts[1].destination",
       "\"/a/../.\"",
       "mounts[1].destination: \"/a/../.\" is the container's root"},
      {"mounts[1].destination",
       "\"/proc/self/attr\"",
       "mounts[1].destination: \"/proc/self/attr\" cannot be mounted because it is inside /proc"},
      {"mounts[1].destination",
       "\"proc//sys/kernel\"",
       "mounts[1].destination: \"/proc/sys/kernel\" cannot be mounted"},
      {"mounts[0].type",
       "\"tmpfs\"",
       "mounts[0].destination: \"/proc\" cannot be mounted because it is not of type proc"},
      {"mounts[1].destination",
       quote("/" + std::string(256, 'x')),
       "mounts[1].destination: path component of 256 bytes; at most 255"},
      {"mounts[1].source",
       quote(std::string(4097, '/')),
       "mounts[1].source: path of 4097 bytes; at most 4095"},
      {"mounts[0].options",
       "[" + quote(std::string(4096, 'o')) + "]",
       "mounts[0].options: 4097 bytes; at most 4095"},
      {"mounts[1].options", "[]", "mounts[1]: id-mapped mounts are only supported for bind-mounts"},
      {"mounts[1].gidMappings",
       "",
       "mounts[1]: id-mapped mounts must have both uid and gid mappings"},
      {"mounts[1].uidMappings[0].size", "0", "mounts[1].uidMappings[0].size: must not be 0"},
  });
  EXPECT_EQ(verdict("mounts[1].destination", "\"/proc/cpuinfo\""), "accepted");
  EXPECT_EQ(verdict("mounts[1].destination", "\"/procfs\""), "accepted");
}

TEST(Validate, RefusesBadHooks) {
  for (const char* kind : {"prestart",
                           "createRuntime",
                           "createContainer",
                           "startContainer",
                           "poststart",
                           "poststop"}) {
    const std::string hook = concat("hooks.", kind, "[0]");
    expect_refusals({
        {hook + ".path", "\"hook\"", hook + ".path: \"hook\" must be an absolute path"},
        {hook + ".path", "", hook + ".path: \"\" must be an absolute path"},
        {hook + ".timeout", "0", hook + ".timeout: 0: must be a positive number of seconds"},
        {hook + ".timeout", "-1", hook + ".timeout: -1: must be"},
        {hook + ".timeout", "9223372036854775807", hook + ".timeout: 9223372036854775807: must be"},
    });
  }
}

TEST(Validate, RefusesSysctlsThatWouldChangeTheHost) {
  const auto sysctl = [](const char* name, const char* value = "\"1\"") {
    return verdict(concat("linux.sysctl[\"", name, "\"]"), value);
  };
  EXPECT_EQ(sysctl("vm.swappiness"),
            "linux.sysctl[\"vm.swappiness\"]: sysctl \"vm.swappiness\" is not in a separate kernel "
            "namespace");
  EXPECT_THAT(sysctl("kernel.hostname"), HasSubstr("conflicts with the OCI \"hostname\" field"));
  EXPECT_THAT(sysctl("kernel.core_pattern"), HasSubstr("is not in a separate kernel namespace"));
  EXPECT_THAT(sysctl("net/../kernel/core_pattern"), HasSubstr("not a sysctl name"));
  EXPECT_THAT(sysctl("net..x"), HasSubstr("not a sysctl name"));
  EXPECT_THAT(sysctl("net"), HasSubstr("not a sysctl name"));
  EXPECT_THAT(sysctl("/net/ipv4"), HasSubstr("not a sysctl name"));
  EXPECT_THAT(sysctl("net.core.x", "\"1\\n2\""), HasSubstr("more than one line"));
  for (const char* good : {"net.ipv4.conf.eno2/100.forwarding",
                           "net/ipv4/conf/eno2.100/forwarding",
                           "fs.mqueue.msg_max",
                           "kernel.sem",
                           "kernel.domainname",
                           "user.max_user_namespaces"}) {
    EXPECT_EQ(sysctl(good), "accepted") << good;
  }
}

TEST(Validate, RefusesSysctlsOfAbsentNamespaces) {
  json::Value document = parse_text(bundle_text("minimal"));
  const auto message = [&](const char* name) {
    json::Value copy = document;
    put(copy, concat("linux.sysctl[\"", name, "\"]"), "\"1\"");
    Warnings warnings;
    const Status status = validate(*parse_spec(copy), warnings);
    return status ? "accepted" : status.error().message();
  };
  EXPECT_THAT(message("kernel.shmmax"),
              HasSubstr("sysctl \"kernel.shmmax\" is not allowed in the hosts ipc namespace"));
  EXPECT_THAT(message("fs.mqueue.msg_max"), HasSubstr("is not allowed in the hosts ipc namespace"));
  EXPECT_THAT(message("net.core.somaxconn"),
              HasSubstr("sysctl \"net.core.somaxconn\" not allowed in host network namespace"));
  EXPECT_THAT(message("user.max_user_namespaces"),
              HasSubstr("is not in a separate kernel namespace"));
  EXPECT_THAT(message("kernel.domainname"), HasSubstr("is not in a separate kernel namespace"));
}

TEST(Validate, RefusesBadLinuxParts) {
  expect_refusals({
      {"linux.devices[0].type", "\"x\"", "linux.devices[0].type: invalid device type \"x\""},
      {"linux.devices[0].type", "", "linux.devices[0].type: invalid device type \"\""},
      {"linux.devices[0].path",
       "\"dev/fuse\"",
       "linux.devices[0].path: \"dev/fuse\" must be an absolute path"},
      {"linux.maskedPaths[0]",
       "\"proc/kcore\"",
       "linux.maskedPaths[0]: \"proc/kcore\" must be an absolute path"},
      {"linux.readonlyPaths[0]", "\"\"", "linux.readonlyPaths[0]: \"\" must be an absolute path"},
      {"linux.cgroupsPath",
       quote("/" + std::string(5120, '/')),
       "linux.cgroupsPath: path of 5121 bytes"},
      {"linux.intelRdt.closID",
       "\"a/b\"",
       "linux.intelRdt.closID: invalid intelRdt.ClosID \"a/b\""},
      {"linux.intelRdt.closID", "\"..\"", "linux.intelRdt.closID: invalid intelRdt.ClosID \"..\""},
      {"linux.intelRdt.schemata[0]",
       "\"L3:0=f\\nMB:0=1\"",
       "linux.intelRdt.schemata[0]: must be one line"},
      {"linux.seccomp.defaultAction", "", "linux.seccomp.defaultAction: must be given"},
      {"linux.seccomp.listenerPath",
       quote("/" + std::string(107, 's')),
       "linux.seccomp.listenerPath: 108 bytes; at most 107"},
      {"linux.seccomp.syscalls[0].names[1]",
       "\"\"",
       "linux.seccomp.syscalls[0].names[1]: must not be empty"},
      {"linux.seccomp.syscalls[0].action", "", "linux.seccomp.syscalls[0].action: must be given"},
      {"linux.seccomp.syscalls[0].args[0].index",
       "6",
       "linux.seccomp.syscalls[0].args[0].index: 6; system calls have"},
  });
}

TEST(Validate, RefusesBadResources) {
  const std::string r = "linux.resources";
  expect_refusals({
      {r + ".devices[0].access", "", r + ".devices[0]: device access at 0 field cannot be empty"},
      {r + ".devices[0].access",
       "\"rx\"",
       r + ".devices[0].access: \"rx\" is not made of r, w and m"},
      {r + ".devices[0].type", "\"p\"", r + ".devices[0].type: invalid cgroup device type \"p\""},
      {r + ".memory.limit", "-2", r + ".memory.limit: -2; -1 means no limit"},
      {r + ".memory.reservation", "-5", r + ".memory.reservation: -5;"},
      {r + ".memory.swap", "-9", r + ".memory.swap: -9;"},
      {r + ".memory.swappiness", "101", r + ".memory.swappiness: 101 is not in range 0 to 100"},
      {r + ".cpu.period", "999", r + ".cpu.period: 999 is not in range 1000 to 1000000"},
      {r + ".cpu.period", "2000000", r + ".cpu.period: 2000000 is not in range"},
      {r + ".cpu.idle", "2", r + ".cpu.idle: 2 is neither 0 nor 1"},
      {r + ".cpu.cpus", "\"3-1\"", r + ".cpu.cpus: \"3-1\": bad range \"3-1\""},
      {r + ".cpu.cpus", "\"0-\"", r + ".cpu.cpus: \"0-\": bad range"},
      {r + ".cpu.cpus", "\"0-7:2\"", r + ".cpu.cpus: \"0-7:2\": bad range"},
      {r + ".cpu.mems", "\"x\"", r + ".cpu.mems: \"x\": bad range \"x\""},
      {r + ".blockIO.weight", "9", r + ".blockIO.weight: 9 is not in range 10 to 1000"},
      {r + ".blockIO.leafWeight", "1001", r + ".blockIO.leafWeight: 1001 is not in range"},
      {r + ".blockIO.weightDevice[0].weight",
       "1",
       r + ".blockIO.weightDevice[0].weight: 1 is not in range"},
      {r + ".blockIO.throttleReadBpsDevice[0].major",
       "-1",
       r + ".blockIO.throttleReadBpsDevice[0]: -1:0 is not a device number"},
      {r + ".blockIO.throttleWriteIOPSDevice[0].minor",
       "-1",
       r + ".blockIO.throttleWriteIOPSDevice[0]: 8:-1 is not"},
      {r + ".hugepageLimits[0].pageSize",
       "\"../x\"",
       r + ".hugepageLimits[0].pageSize: \"../x\" is not a size"},
      {r + ".hugepageLimits[0].pageSize",
       "\"2\"",
       r + ".hugepageLimits[0].pageSize: \"2\" is not a size"},
      {r + ".unified[\"../x\"]",
       "\"1\"",
       r + ".unified[\"../x\"]: unified resource \"../x\" must be a file name (no slashes)"},
      {r + ".unified[\"memory\"]", "\"1\"", r + ".unified[\"memory\"]: invalid cgroup file name"},
      {r + ".unified[\".x\"]", "\"1\"", r + ".unified[\".x\"]: invalid cgroup file name"},
  });
  for (const char* good : {"\"\"", "\"0\"", "\"0-3,7\"", "\" 0 , 2-4:1/2 \"", "\"0,\""}) {
    EXPECT_EQ(verdict("linux.resources.cpu.cpus", good), "accepted") << good;
  }
  EXPECT_EQ(verdict("linux.resources.cpu.period", "0"), "accepted");
  EXPECT_EQ(verdict("linux.resources.blockIO.weight", "0"), "accepted");
}

TEST(Validate, WarnsWhereRuncAccepts) {
  Warnings warnings;
  EXPECT_EQ(verdict("ociVersion", "", &warnings), "accepted");
  EXPECT_EQ(verdict("ociVersion", "\"1.9.0\"", &warnings), "accepted");
  EXPECT_EQ(verdict("annotations[\"\"]", "\"x\"", &warnings), "accepted");
  EXPECT_EQ(verdict("linux.devices[1]", R"({"path":"/dev/fuse","type":"c"})", &warnings),
            "accepted");
  EXPECT_EQ(verdict("linux.seccomp.syscalls[0].action", "\"SCMP_ACT_ALLOW\"", &warnings),
            "accepted");
  EXPECT_EQ(verdict("linux.seccomp.listenerPath", "", &warnings), "accepted");
  EXPECT_EQ(verdict("linux.seccomp.syscalls[0].names", "[]", &warnings), "accepted");
  EXPECT_THAT(
      warnings,
      ElementsAre(StartsWith("ociVersion: missing"),
                  StartsWith("ociVersion: \"1.9.0\" is newer"),
                  StartsWith("annotations: an empty key"),
                  StartsWith("linux.devices[1].path: \"/dev/fuse\" is given twice"),
                  StartsWith("linux.seccomp.syscalls[0].errnoRet: \"SCMP_ACT_ALLOW\" has no errno"),
                  StartsWith("linux.seccomp.listenerMetadata: ignored"),
                  StartsWith("linux.seccomp.syscalls[0].names: empty")));
}

TEST(Validate, AcceptsWhatRuncAccepts) {
  struct Good {
    const char* path;
    const char* json;
  };
  const Good goods[] = {
      {"ociVersion", "\"1.0.2-dev\""},
      {"ociVersion", "\"0.6.0\""},
      {"process.args[0]", "\"\""},
      {"process.capabilities.bounding[0]", "\"CAP_FOO\""},
      {"process.capabilities.inheritable", "[]"},
      {"mounts[1].destination", "\"data\""},
      {"mounts[1].source", "\"relative/to/bundle\""},
      {"root.path", "\"/\""},
      {"linux.namespaces[4].path", "\"/proc/42/ns/user\""},
      {"linux.seccomp.syscalls[0].names[0]", "\"no_such_call\""},
      {"linux.resources.pids.limit", "0"},
      {"linux.seccomp", "{}"},
      {"linux.resources.memory", "{}"},
  };
  for (const Good& good : goods) {
    EXPECT_EQ(verdict(good.path, good.json), "accepted") << good.path;
  }
}

TEST(ValidateResources, NamesTheFieldThatItIsTold) {
  Resources resources;
  resources.cpu.emplace().cpus = "5-2";
  const Status status = validate_resources(resources, "resources");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(), "resources.cpu.cpus: \"5-2\": bad range \"5-2\"");
}

}  // namespace
}  // namespace redoubt::oci
