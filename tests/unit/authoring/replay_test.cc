#include "policy/authoring/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/document/read_document.h"
#include "policy/document/write_document.h"

namespace redoubt::policy {
namespace {

using Kind = Operation::Kind;

constexpr char kOwn[] = R"({
"apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "x",
"syscalls": {"allow": [{"names": ["read", "write"], "reason": "seen"}], "deny": [{"names": ["personality"], "reason": "no"}]},
"network": {"families": [{"names": ["AF_UNIX"], "reason": "seen"}]},
"files": {"read": [{"paths": ["/etc"], "reason": "settings"}], "write": [{"paths": ["/run"], "reason": "pid"}]}
})";
constexpr char kParent[] = R"({
"apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "p",
"syscalls": {"deny": [{"names": ["bpf"], "reason": "of the parent"}]}
})";

Replay replayed(const std::vector<Operation>& refused) {
  const Result<Document> own = read_document(kOwn, "x.json");
  const Result<Document> parent = read_document(kParent, "p.json");
  EXPECT_TRUE(own && parent);
  return replay(*own, *parent, refused);
}

TEST(Replay, ProposesWhatTheProfilesOwnListsLack) {
  const Replay result = replayed({{Kind::kSyscall, "openat", "", 1},
                                  {Kind::kSyscall, "personality", "", 2},
                                  {Kind::kSocket, "AF_INET", "", 3},
                                  {Kind::kOpen, "/srv/x", "rw", 4}});
  std::vector<std::string> proposals;
  for (const ReplayRow& row : result.rows) {
    EXPECT_FALSE(row.judgement.allowed);
    proposals.push_back(row.proposal);
  }
  EXPECT_THAT(proposals,
              testing::ElementsAre("syscalls.allow: + openat", "syscalls.deny: - personality", "network.families: + AF_INET",
                                   "files.read: + /srv/x", "files.write: + /srv/x"));
  EXPECT_EQ(result.denied, 5U);
  for (const Operation& operation : {Operation{Kind::kSyscall, "openat", "", 0}, Operation{Kind::kOpen, "/srv/x", "rw", 0}}) {
    EXPECT_TRUE(judge(result.amended, operation).allowed) << operation.object;
  }
  EXPECT_FALSE(judge(result.amended, {Kind::kSyscall, "mount", "", 0}).allowed);
}

TEST(Replay, ProposesAListForADirectory) {
  const Replay result = replayed({{Kind::kOpen, "/srv", "l", 1}, {Kind::kOpen, "/etc/ssl", "l", 2}});
  ASSERT_EQ(result.rows.size(), 2U);
  EXPECT_EQ(result.rows[0].proposal, "files.list: + /srv");
  EXPECT_TRUE(result.rows[1].judgement.allowed);  // by files.read
  EXPECT_TRUE(judge(result.amended, {Kind::kOpen, "/srv", "l", 0}).allowed);
  EXPECT_FALSE(judge(result.amended, {Kind::kOpen, "/srv", "r", 0}).allowed);
  const Result<Document> again = read_document(json::dump(to_json(result.amended)), "amended.json");
  ASSERT_TRUE(again);
  EXPECT_NE(find_entry((*again)[Field::kFilesList], "/srv"), nullptr);
}

TEST(Replay, ProposesNothingAgainstWhatTheProfileExtends) {
  const Replay result = replayed({{Kind::kSyscall, "bpf", "", 1}});
  ASSERT_EQ(result.rows.size(), 1U);
  EXPECT_EQ(result.rows[0].judgement.place, "p.json:3");
  EXPECT_EQ(result.denied, 1U);
  EXPECT_EQ(result.rows[0].proposal, "");
}

TEST(Replay, TellsWhatSomebodyElseRefused) {
  const Replay result = replayed({{Kind::kOpen, "/etc/shadow", "r", 1}, {Kind::kSyscall, "read", "", 2}, {Kind::kCapability, "CAP_KILL", "", 3}});
  ASSERT_EQ(result.rows.size(), 1U);
  EXPECT_EQ(result.rows[0].operation.object, "/etc/shadow");
  EXPECT_TRUE(result.rows[0].judgement.allowed);
  EXPECT_EQ(result.denied, 0U);
}

}  // namespace
}  // namespace redoubt::policy
