#include "policy/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "documents.h"

namespace redoubt::policy {
namespace {

std::string findings_of(const std::string& members) {
  const Document document = document_of(concat(R"(,"description":"d")", members));
  const Result<Document> standard = load_profile(lookup_with(), "default");
  EXPECT_TRUE(standard.has_value());
  std::string all;
  for (const Finding& finding : lint(document, document, *standard)) {
    all += concat(severity_word(finding.severity), " ", finding.field, ": ", finding.what, "\n");
  }
  return all;
}

TEST(Lint, FindsWhatIsHardlyMeant) {
  const struct {
    const char* members;
    const char* expected;
  } cases[] = {
      {R"(,"kernel":{"bpf":{"value":"allow","reason":"r"}})", "warning kernel.bpf: wider than profile default"},
      {R"(,"capabilities":{"allow":[{"names":["CAP_SYS_ADMIN"],"reason":"r"}]})", "close to root on the host"},
      {R"(,"syscalls":{"allow":[{"names":["read"],"reason":"r"}]})", "error syscalls.allow: no program starts without execve"},
      {R"(,"syscalls":{"deny":[{"names":["opne"],"reason":"r"}]})", "opne is no system call"},
      {R"(,"files":{"write":[{"paths":["/tmp"],"reason":"r"}]})", "writes to /dev/null"},
      {R"(,"files":{"write":[{"paths":["/dev","/opt/x"],"reason":"r"}],"execute":[{"paths":["/opt"],"reason":"r"}]})",
       "what is written to /opt/x can be executed from /opt"},
      {R"(,"network":{"connect":[{"address":"any","reason":"r"}]})", "lets everything out"},
      {R"(,"mode":{"value":"audit","reason":"r"})", "nothing is denied"},
      {R"(,"files":{"read":[{"paths":["/"],"reason":"r"}]})", "warning files.read: everything can be read"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(findings_of(c.members), testing::HasSubstr(c.expected)) << c.members;
  }
}

std::string checks_of(const std::string& members) {
  const Document document = document_of(concat(R"(,"description":"d")", members));
  const Result<Document> standard = load_profile(lookup_with(), "default");
  EXPECT_TRUE(standard.has_value());
  std::string all = "|";
  for (const Finding& finding : lint(document, document, *standard)) {
    EXPECT_FALSE(finding.fix.empty());
    all += concat(finding.id, "|");
  }
  return all;
}

std::string files(const char* field, const char* path) {
  return concat(R"(,"files":{")", field, R"(":[{"paths":[")", path, R"("],"reason":"r"}]})");
}

TEST(Lint, HasACheckForEachOfThese) {
  const struct {
    std::string members;
    const char* id;
  } cases[] = {
      {files("write", "/"), "write-all"},
      {files("write", "/etc"), "write-configuration"},
      {files("write", "/usr"), "write-programs"},
      {files("write", "/boot"), "write-boot"},
      {files("write", "/run/docker.sock"), "write-runtime-socket"},
      {files("read", "/"), "read-all"},
      {files("read", "/\"],\"reason\":\"r\"}],\"list\":[{\"paths\":[\"/"), "list-no-effect"},
      {files("list", "/srv"), "list-no-effect"},
      {files("read", "/etc\"],\"reason\":\"r\"}],\"list\":[{\"paths\":[\"/"), "list-all"},
      {files("read", "/etc/shadow"), "read-secret"},
      {files("read", "/run"), "token-and-open-egress"},
      {files("execute", "/"), "execute-all"},
      {files("execute", "/tmp"), "execute-temporary"},
      {files("execute", "/bin/sh"), "execute-shell"},
      {files("execute", "/usr/bin/apt"), "execute-package-manager"},
      {files("execute", "/usr/bin/x"), "execute-loader-missing"},
      {R"(,"files":{"read":[{"paths":["/etc"],"reason":"r"}],"execute":[{"paths":["/app"],"reason":"r"}]})",
       "execute-unreadable"},
      {files("read", "/srv\",\"/srv/www"), "files-covered"},
      {files("masked", "/proc/*"), "path-pattern"},
      {R"(,"files":{"read":[{"paths":["/a/b"],"reason":"r"}],"masked":[{"paths":["/a"],"reason":"r"}]})",
       "files-masked"},
      {R"(,"files":{"write":[{"paths":["/a/b"],"reason":"r"}],"readonly":[{"paths":["/a"],"reason":"r"}]})",
       "write-has-no-effect"},
      {R"(,"network":{"bind":[{"address":"any","reason":"r"}]})", "network-any-bind"},
      {R"(,"network":{"connect":[{"address":"169.254.0.0/16","reason":"r"}]})", "network-metadata"},
      {R"(,"network":{"families":[{"names":["AF_ALG"],"reason":"r"}]})", "family-rare"},
      {R"(,"network":{"families":[{"names":["AF_UNIX"],"reason":"r"}],"bind":[{"address":"any","ports":["80"],"reason":"r"}]})",
       "family-for-endpoints-missing"},
      {R"(,"capabilities":{"allow":[{"names":["CAP_NET_RAW"],"reason":"r"}]},"network":{"connect":[{"address":"none","reason":"r"}]})",
       "network-raw"},
      {R"(,"capabilities":{"allow":[{"names":["CAP_SETUID"],"reason":"r"}]})", "capability-half-of-identity"},
      {R"(,"capabilities":{"allow":[{"names":["CAP_KILL"],"reason":"r"}]},"process":{"nonRoot":{"value":true,"reason":"r"}})",
       "capability-of-nobody"},
      {R"(,"capabilities":{"allow":[{"names":["CAP_KILL"],"reason":"r"}],"deny":[{"names":["CAP_KILL"],"reason":"r"}]})",
       "capability-denied-too"},
      {R"(,"syscalls":{"allow":[{"names":["read"],"reason":"r"}],"deny":[{"names":["read"],"reason":"r"}]})",
       "syscall-allowed-and-denied"},
      {R"(,"syscalls":{"allow":[{"names":["read"],"reason":"r"}]})", "syscall-foreign-open"},
      {R"(,"syscalls":{"allow":[{"names":["bpf"],"reason":"r"}]},"kernel":{"bpf":{"value":"deny","reason":"r"}})",
       "syscall-closed-by-surface"},
      {R"(,"kernel":{"bpf":{"value":"allow","reason":"r"}})", "explicit-allow"},
      {R"(,"limits":{"pids":{"value":1000000,"reason":"r"}})", "limit-pids-huge"},
      {R"(,"limits":{"rlimits":[{"name":"RLIMIT_NOFILE","value":3,"reason":"r"}]})", "limit-too-small"},
      {R"(,"selinux":{"type":{"value":"spc_t","reason":"r"}})", "label-unconfined"},
      {R"(,"devices":{"allow":[{"paths":["/dev/sda"],"reason":"r"}]})", "device-of-host"},
      {R"(,"kernel":{"bpf":{"value":"deny","reason":"because"}})", "reason-empty-words"},
      {"", "limit-pids-missing"},
      {"", "no-new-privileges-missing"},
      {"", "extends-nothing"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(checks_of(c.members), testing::HasSubstr(concat("|", c.id, "|"))) << c.members;
  }
  EXPECT_THAT(checks_of(R"(,"limits":{"pids":{"value":100,"reason":"r"}})"),
              testing::Not(testing::HasSubstr("limit-pids")));
}

TEST(Lint, HasNothingToSayAboutTheShippedServices) {
  for (const char* name : {"default", "restricted", "untrusted", "web-server", "database", "batch-job", "jit"}) {
    const Result<Document> merged = load_profile(lookup_with(), name);
    const Result<Document> standard = load_profile(lookup_with(), "default");
    ASSERT_TRUE(merged.has_value() && standard.has_value());
    for (const Finding& finding : lint(*merged, *merged, *standard)) {
      EXPECT_EQ(finding.severity, Severity::kInfo) << name << ": " << finding.what;
    }
  }
}

}  // namespace
}  // namespace redoubt::policy
