#include "policy/authoring/explain.h"

#include <gtest/gtest.h>

#include "policy/document/read_document.h"

namespace redoubt::policy {
namespace {

constexpr char kProfile[] = R"({
"apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "x",
"kernel": {"ptrace": {"value": "deny", "reason": "no"}},
"network": {"connect": [
{"address": "10.0.0.0/8", "ports": ["443"], "protocol": "tcp", "reason": "inside"}]},
"files": {"read": [
{"paths": ["/etc"], "reason": "settings"},
{"paths": ["/etc/ssl"], "reason": "certificates"}],
"list": [{"paths": ["/srv"], "reason": "names"}],
"masked": [{"paths": ["/etc/shadow"], "reason": "secret"}]}
})";

std::vector<ExplainStep> explained(std::string_view text) {
  const Result<Document> policy = read_document(kProfile, "x.json");
  const Result<Operation> operation = parse_operation_text(text);
  EXPECT_TRUE(policy && operation) << text;
  return policy && operation ? explain(*policy, *operation) : std::vector<ExplainStep>(1);
}

TEST(Explain, NamesTheClosestRuleThatAllows) {
  const std::vector<ExplainStep> steps = explained("open:/etc/ssl/a:r");
  EXPECT_EQ(steps.back().verdict, "allow");
  EXPECT_EQ(steps[steps.size() - 2].field, "files.read");
  EXPECT_EQ(steps[steps.size() - 2].place, "x.json:8");
  EXPECT_EQ(steps[steps.size() - 2].layer, "landlock");
}

TEST(Explain, ShowsTheFieldThatAllowsBesideTheOneThatDenies) {
  const std::vector<ExplainStep> steps = explained("open:/etc/shadow:r");
  EXPECT_EQ(steps[0].verdict, "deny");
  EXPECT_EQ(steps[1].verdict, "allow");
  EXPECT_TRUE(steps.back().is_result);
  EXPECT_EQ(steps.back().verdict, "deny");
  EXPECT_EQ(steps.back().place, "x.json:10");
}

TEST(Explain, SaysWhichOfTwoFieldsLetsADirectoryBeListed) {
  EXPECT_EQ(explained("open:/srv/www:l").back().verdict, "allow");
  EXPECT_EQ(explained("open:/srv/www:r").back().verdict, "deny");
  EXPECT_EQ(explained("open:/home:l").back().verdict, "deny");
  const std::vector<ExplainStep> own = explained("open:/srv:l");
  EXPECT_EQ(own[1].field, "files.list");
  EXPECT_EQ(own[1].place, "x.json:9");
  const std::vector<ExplainStep> by_read = explained("open:/etc/ssl:l");
  EXPECT_EQ(by_read[1].verdict, "allow");
  EXPECT_EQ(by_read[1].place, "x.json:8");
}

TEST(Explain, SaysWhereNoRuleIs) {
  EXPECT_EQ(explained("bind:0.0.0.0:80")[0].verdict, "no rule");
  EXPECT_EQ(explained("syscall:ptrace").back().verdict, "deny");
  EXPECT_EQ(explained("connect:10.1.2.3:443").back().verdict, "allow");
  EXPECT_EQ(explained("connect:[::1]:443").back().verdict, "deny");
  EXPECT_EQ(explained("connect:udp:10.1.2.3:443").back().verdict, "deny");
}

TEST(Explain, RefusesWhatIsNoOperation) {
  for (const char* text : {"", "open", "open:etc:r", "open:/etc:q", "open:/etc:", "exec:sh",
                           "connect:10.0.0.1", "connect:x:443", "capability:CAP_X", "socket:AF_X",
                           "syscall:", "write:/etc"}) {
    EXPECT_FALSE(parse_operation_text(text)) << text;
  }
}

}  // namespace
}  // namespace redoubt::policy
