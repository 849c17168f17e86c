#include "policy/authoring/selinux_cil.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/document/read_document.h"

namespace redoubt::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Converted written(const std::string& fields, const std::string& rootfs) {
  const Result<Document> profile = read_document(R"({"apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "web-1")" + fields + "}", "web.json");
  EXPECT_TRUE(profile) << profile.error().message();
  return *to_selinux_cil(*profile, {rootfs});
}

TEST(SelinuxCil, GivesEachTreeATypeByWhatItAllows) {
  const Converted made = written(R"(, "files": {"read": [{"paths": ["/usr", "/data"], "reason": "r"}], "write": [{"paths": ["/data/x.d"], "reason": "r"}],
"execute": [{"paths": ["/usr/bin"], "reason": "r"}]})", "/srv/web");
  EXPECT_THAT(made.text, HasSubstr("(block redoubt_web_1\n"));
  EXPECT_THAT(made.text, HasSubstr("(filecon \"/srv/web(/.*)?\" any (system_u object_r file_none ((s0) (s0))))"));
  EXPECT_THAT(made.text, HasSubstr("(filecon \"/srv/web/usr(/.*)?\" any (system_u object_r file_r "));
  EXPECT_THAT(made.text, HasSubstr("(filecon \"/srv/web/usr/bin(/.*)?\" any (system_u object_r file_rx "));
  EXPECT_THAT(made.text, HasSubstr("(filecon \"/srv/web/data/x\\.d(/.*)?\" any (system_u object_r file_rw "));
  EXPECT_THAT(made.text, Not(HasSubstr("(allow process file_r (file (open read ioctl map execute")));
  EXPECT_THAT(made.text, HasSubstr("(allow process file_rx (file (open read ioctl map execute"));
}

TEST(SelinuxCil, AListedDirectoryIsNoReadableFile) {
  const Converted made = written(R"(, "files": {"read": [{"paths": ["/usr"], "reason": "r"}], "list": [{"paths": ["/"], "reason": "r"}],
"write": [{"paths": [], "reason": "r"}], "execute": [{"paths": [], "reason": "r"}]})", "/srv/web");
  EXPECT_THAT(made.text, HasSubstr("(filecon \"/srv/web(/.*)?\" any (system_u object_r file_l "));
  EXPECT_THAT(made.text, HasSubstr("(allow process file_l (dir (open read ioctl lock watch)))"));
  EXPECT_THAT(made.text, Not(HasSubstr("(allow process file_l (file (open")));
}

TEST(SelinuxCil, WithoutARootTreesAreTold) {
  const Converted made = written(R"(, "files": {"write": [{"paths": ["/data"], "reason": "r"}]})", "");
  EXPECT_THAT(made.text, Not(HasSubstr("filecon")));
  ASSERT_EQ(made.notes.size(), 1U);
  EXPECT_THAT(note_text(made.notes[0]), HasSubstr("wider: files.write: is not carried over: labels by path need --rootfs"));
}

TEST(SelinuxCil, AllowsOnlyWhatTheProfileDoes) {
  const Converted made = written(R"(, "capabilities": {"allow": [{"names": ["CAP_CHOWN", "CAP_BPF"], "reason": "r"}]},
"kernel": {"ptrace": {"value": "deny", "reason": "r"}},
"network": {"families": [{"names": ["AF_INET", "AF_UNIX"], "reason": "r"}], "bind": [{"address": "any", "ports": ["6379", "9999"], "protocol": "tcp", "reason": "r"}]})", "");
  EXPECT_THAT(made.text, HasSubstr("(capability (chown))"));
  EXPECT_THAT(made.text, HasSubstr("(capability2 (bpf))"));
  EXPECT_THAT(made.text, Not(HasSubstr("sys_admin")));
  EXPECT_THAT(made.text, Not(HasSubstr("self (process (ptrace))")));
  EXPECT_THAT(made.text, HasSubstr("(allow process redis_port_t (tcp_socket (name_bind)))"));
  EXPECT_THAT(made.text, HasSubstr("(allow process unreserved_port_t (tcp_socket (name_bind)))"));
  EXPECT_THAT(made.text, HasSubstr("(allow process port_type (tcp_socket (name_connect)))"));
  EXPECT_THAT(made.text, HasSubstr("unix_stream_socket (create"));
  EXPECT_THAT(made.text, Not(HasSubstr("rawip_socket")));
  EXPECT_THAT(made.text, Not(HasSubstr("netlink_route_socket")));
}

}  // namespace
}  // namespace redoubt::policy
