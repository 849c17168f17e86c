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
  };
  for (const auto& c : cases) {
    EXPECT_THAT(findings_of(c.members), testing::HasSubstr(c.expected)) << c.members;
  }
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
