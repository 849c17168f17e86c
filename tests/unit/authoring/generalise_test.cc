#include "policy/authoring/generalise.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/str.h"
#include "policy/document/merge.h"
#include "policy/authoring/conversion.h"
#include "policy/document/read_document.h"
#include "policy/effective.h"
#include "policy/lint.h"

namespace redoubt::policy {
namespace {

Document profile_of(const Recording& recording, const std::vector<std::string>& without = {}) {
  const Generalised result = generalise(recording, {"web", "web.json", without});
  const Result<Document> document = read_document(json::dump(result.profile), "web.json");
  EXPECT_TRUE(document) << document.error().message();
  return document ? *document : Document();
}

Recording recording_with(Section section, std::vector<Seen> rows) {
  Recording recording;
  recording.runs.resize(1);
  recording[section] = std::move(rows);
  recording.settle();
  return recording;
}

using Keys = std::vector<std::string>;

TEST(Generalise, OfNothingSeenAllowsNextToNothingAndLintsClean) {
  const Document raw = profile_of(recording_with(Section::kSyscalls, {}));
  const auto find = [](const std::string& name) {
    return Result<std::optional<SourceText>>(find_embedded_profile(name));
  };
  const Result<Document> standard = load_profile(find, "default");
  ASSERT_TRUE(standard);
  const Document merged = meet(raw, *standard);
  for (const Finding& finding : lint(raw, merged, *standard)) {
    EXPECT_EQ(finding.severity, Severity::kInfo) << finding.field << ": " << finding.what;
  }
  EXPECT_EQ(keys_of(raw, Field::kFilesRead), Keys{"/dev/null"});
  EXPECT_TRUE(raw[Field::kFilesExecute].present);
  EXPECT_TRUE(raw[Field::kNetworkConnect].present);
  EXPECT_TRUE(keys_of(raw, Field::kNetworkConnect).empty());
  EXPECT_TRUE(keys_of(raw, Field::kCapabilitiesAllow).empty());
  EXPECT_EQ(raw[Field::kNoNewPrivileges].number, 1U);
}

// initdb makes the directory of the database, which is not there when the next container starts.
TEST(Generalise, AllowsWhatLiesBelowADirectoryThatIsMadeByTheOneAboveIt) {
  const Document profile = profile_of(recording_with(Section::kFiles,
                                                     {{"/var/lib/db/data", "cdr", true, false},
                                                      {"/var/lib/db/data/base/1", "cd", true, false},
                                                      {"/var/lib/db/data/conf", "crw", true, false},
                                                      {"/var/lib/db/data/base/1/112", "r", true, false},
                                                      {"/", "c", true, false}}),
                                      {"siblings", "temporary", "packages"});
  EXPECT_EQ(keys_of(profile, Field::kFilesRead), (Keys{"/dev/null", "/var/lib/db"}));
  EXPECT_FALSE(profile[Field::kFilesList].present);  // the same tree
}

// Landlock's right is one for a tree, but files in it stay unread.
TEST(Generalise, ListsWhatWasListedAndReadsNothingForIt) {
  const Recording recording = recording_with(Section::kFiles,
                                             {{"/", "dr", true, false},
                                              {"/etc/db.conf", "r", true, false},
                                              {"/proc/12/fd", "dr", true, false},
                                              {"/usr/lib/a", "r", true, false},
                                              {"/usr/lib/b", "dr", true, false}});
  const Document profile = profile_of(recording);
  EXPECT_EQ(keys_of(profile, Field::kFilesRead), (Keys{"/dev/null", "/etc/db.conf", "/usr/lib"}));
  EXPECT_EQ(keys_of(profile, Field::kFilesList), Keys{"/"});
  EXPECT_TRUE(judge(profile, {Operation::Kind::kOpen, "/srv", "l", 0}).allowed);
  EXPECT_FALSE(judge(profile, {Operation::Kind::kOpen, "/etc/shadow", "r", 0}).allowed);
}

TEST(Generalise, TakesTheStepsOfTreesForListedDirectories) {
  const Recording recording = recording_with(Section::kFiles,
                                             {{"/proc/12/fd", "dr", true, false},
                                              {"/srv/a12345", "dr", true, false},
                                              {"/usr/share/x", "dr", true, false},
                                              {"/var/lib/db/new", "cdr", true, false}});
  EXPECT_EQ(keys_of(profile_of(recording), Field::kFilesList), (Keys{"/proc", "/srv", "/usr/share", "/var/lib/db"}));
  EXPECT_EQ(keys_of(profile_of(recording, {"temporary", "packages"}), Field::kFilesList),
            (Keys{"/proc", "/srv/a12345", "/usr/share/x", "/var/lib/db"}));
  EXPECT_EQ(keys_of(profile_of(recording), Field::kFilesRead), Keys{"/dev/null"});
}

// redis writes /var/lib/redis/temp-1.aof and renames it to /var/lib/redis/appendonlydir/1.aof, which it reads.
TEST(Generalise, ReadsWhereItMakesWhatItMovesToBelow) {
  const Recording recording = recording_with(Section::kFiles,
                                             {{"/var/lib/redis/temp-1.aof", "cw", true, false},
                                              {"/var/lib/redis/appendonlydir/1.aof", "crw", true, false},
                                              {"/run/redis.pid", "cw", true, false}});
  EXPECT_EQ(keys_of(profile_of(recording), Field::kFilesRead), (Keys{"/dev/null", "/var/lib/redis"}));
}

TEST(Generalise, ReadsNotEverythingForAFileThatIsMadeInTheRoot) {
  const Recording recording = recording_with(Section::kFiles,
                                             {{"/made", "cw", true, false}, {"/var/lib/db/log", "crw", true, false}});
  EXPECT_EQ(keys_of(profile_of(recording), Field::kFilesRead), (Keys{"/dev/null", "/var/lib/db"}));
}

TEST(Generalise, AllowsTheDirectoryOfNamesThatAreMade) {
  const Document profile = profile_of(recording_with(Section::kFiles,
                                                     {{"/var/lib/db/log", "crw", true, false},
                                                      {"/etc/db.conf", "r", true, false},
                                                      {"/usr/bin/db", "rx", true, false}}));
  EXPECT_EQ(keys_of(profile, Field::kFilesWrite), (Keys{"/dev/null", "/var/lib/db"}));
  EXPECT_EQ(keys_of(profile, Field::kFilesRead),
            (Keys{"/dev/null", "/etc/db.conf", "/usr/bin", "/var/lib/db"}));
  EXPECT_EQ(keys_of(profile, Field::kFilesExecute), Keys{"/usr/bin/db"});
}

TEST(Generalise, LeavesOutTheStepsThatItIsTold) {
  const Recording recording =
      recording_with(Section::kFiles, {{"/usr/lib/a", "r", true, false}, {"/usr/lib/b", "r", true, false}});
  EXPECT_EQ(keys_of(profile_of(recording, {"packages"}), Field::kFilesRead),
            (Keys{"/dev/null", "/usr/lib/a", "/usr/lib/b"}));
}

TEST(Generalise, AllowsNoPortThatTheKernelChose) {
  const Document profile = profile_of(recording_with(Section::kConnect,
                                                     {{"udp 192.0.2.1 0", "", true, false},
                                                      {"udp 192.0.2.1 53", "", true, false},
                                                      {"tcp 0.0.0.0 80", "", true, false}}));
  EXPECT_EQ(keys_of(profile, Field::kNetworkConnect),
            (Keys{"tcp 0.0.0.0/0 80", "tcp ::/0 80", "udp 192.0.2.1/32 53"}));
}

TEST(Generalise, MakesManyPeersAnyAndEphemeralPortsTheRange) {
  std::vector<Seen> peers;
  for (int i = 1; i <= 9; ++i) {
    peers.push_back({concat("tcp 192.0.2.", i, " 443"), "", true, false});
  }
  peers.push_back({"tcp 127.0.0.1 40001", "", true, false});
  const Recording recording = recording_with(Section::kConnect, peers);
  EXPECT_EQ(keys_of(profile_of(recording), Field::kNetworkConnect),
            (Keys{"tcp 0.0.0.0/0 443", "tcp 127.0.0.1/32 32768-60999", "tcp ::/0 443"}));
  EXPECT_EQ(keys_of(profile_of(recording, {"peers", "ports"}), Field::kNetworkConnect).size(), 10U);
}

TEST(Generalise, AllowsWhatTheLibraryFallsBackTo) {
  const Document profile =
      profile_of(recording_with(Section::kSyscalls, {{"clone3", "", true, false}}));
  const Keys calls = keys_of(profile, Field::kSyscallsAllow);
  EXPECT_TRUE(std::binary_search(calls.begin(), calls.end(), "clone"));
  EXPECT_TRUE(std::binary_search(calls.begin(), calls.end(), "exit_group"));
}

TEST(Generalise, KeepsPrivilegesThatAProgramGained) {
  Recording recording = recording_with(Section::kSyscalls, {});
  recording.privileged_execs = 1;
  EXPECT_FALSE(profile_of(recording)[Field::kNoNewPrivileges].present);
}

TEST(Generalise, SaysInHowManyRunsSomethingWasSeen) {
  Recording recording = recording_with(
      Section::kSyscalls, {{"read", "", true, false, 2}, {"fsync", "", true, false, 1}});
  recording.runs.resize(2);
  const Document profile = profile_of(recording);
  const Entry* rare = find_entry(profile[Field::kSyscallsAllow], "fsync");
  ASSERT_NE(rare, nullptr);
  EXPECT_EQ(profile.rules[rare->rule].reason, "used, in 1 of 2 runs (web.json)");
}

}  // namespace
}  // namespace redoubt::policy
