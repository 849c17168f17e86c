#include "policy/authoring/recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str.h"

namespace redoubt::policy {
namespace {

using ::testing::HasSubstr;

constexpr char kHead[] =
    "{\n\"apiVersion\": \"redoubt.io/v1\", \"kind\": \"Recording\", \"complete\": true,\n"
    "\"runs\": [{\"command\": [\"run\", \"x\"]}]";

std::string document(const std::string& rest) {
  return concat(kHead, rest, "}");
}

std::string refusal_of(const std::string& text) {
  const Result<Recording> recording = read_recording(text, "r.json");
  return recording ? "" : recording.error().message();
}

Recording sample() {
  Recording recording;
  recording.runs.push_back({{"run", "web"}, "6.1", "2026-01-01T00:00:00Z", "sha256:1", 3, 1});
  recording.add(Section::kSyscalls, {"read", "", true, false});
  recording.add(Section::kSyscalls, {"accept4", "", false, true});
  recording.add(Section::kFiles, {"/etc/a \"b\"", "wr", true, false});
  recording.add(Section::kFiles, {"/etc/a \"b\"", "c", false, true});
  recording.add(Section::kConnect, {"tcp 192.0.2.1 443", "", true, false});
  recording.settle();
  return recording;
}

TEST(Recording, UnitesWhatIsSeenTwiceInOneRun) {
  const Recording recording = sample();
  ASSERT_EQ(recording[Section::kFiles].size(), 1U);
  const Seen& file = recording[Section::kFiles][0];
  EXPECT_EQ(file.access, "crw");
  EXPECT_TRUE(file.at_start && file.when_steady);
  EXPECT_EQ(file.runs, 1U);
  EXPECT_EQ(recording[Section::kSyscalls][0].key, "accept4");
}

TEST(Recording, IsReadAsItWasWritten) {
  const std::string text = write_recording(sample());
  const Result<Recording> again = read_recording(text, "r.json");
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(write_recording(*again), text);
  EXPECT_TRUE(is_recording(text));
}

TEST(Recording, IsToldFromAProfile) {
  EXPECT_FALSE(is_recording("{\"kind\": \"Profile\", \"name\": \"Recording\"}"));
  EXPECT_FALSE(is_recording(""));
  EXPECT_FALSE(is_recording("{\"kind\""));
}

TEST(Recording, RefusesWhatItDoesNotKnowWithTheLine) {
  EXPECT_EQ(refusal_of(document("")), "");
  EXPECT_THAT(refusal_of(document(",\n\"sycalls\": []")), HasSubstr("r.json:4: : unknown key"));
  EXPECT_THAT(refusal_of(document(",\"files\": [{\"path\": \"etc\", \"access\": \"r\", \"phase\": \"start\"}]")),
              HasSubstr("/files/0/path: \"etc\" must be an absolute path"));
  EXPECT_THAT(refusal_of(document(",\"files\": [{\"path\": \"/etc\", \"access\": \"q\", \"phase\": \"start\"}]")),
              HasSubstr("letters r, w, x, c and d"));
  EXPECT_THAT(refusal_of(document(",\"files\": [{\"path\": \"/etc\", \"phase\": \"start\"}]")),
              HasSubstr("needs path and phase, and access"));
  EXPECT_THAT(refusal_of(document(",\"syscalls\": [{\"name\": \"@rare\", \"phase\": \"both\"}]")),
              HasSubstr("is not one name"));
  EXPECT_THAT(refusal_of(document(",\"bind\": [{\"endpoint\": \"tcp 80\", \"phase\": \"both\"}]")),
              HasSubstr("is not an endpoint"));
  EXPECT_THAT(refusal_of(document(",\"syscalls\": [{\"name\": \"read\", \"phase\": \"late\"}]")),
              HasSubstr("start, steady, both"));
  EXPECT_THAT(refusal_of(document(",\"syscalls\": [{\"name\": \"read\", \"phase\": \"both\", \"runs\": 2}]")),
              HasSubstr("seen in more runs than there are"));
  EXPECT_THAT(refusal_of("{\"kind\": \"Recording\"}"), HasSubstr("needs \"apiVersion\""));
  EXPECT_THAT(refusal_of(document(", \"lost\": [\"1 file\"]")), HasSubstr("does not fit to"));
}

TEST(Recording, CountsRunsWhenRecordingsAreMerged) {
  Recording other = sample();
  other[Section::kSyscalls].erase(other[Section::kSyscalls].begin());
  other.lost.emplace_back("1 file");
  const Recording all = merge_recordings({sample(), other});
  ASSERT_EQ(all.runs.size(), 2U);
  EXPECT_EQ(all[Section::kSyscalls][0].key, "accept4");
  EXPECT_EQ(all[Section::kSyscalls][0].runs, 1U);
  EXPECT_EQ(all[Section::kSyscalls][1].runs, 2U);
  EXPECT_EQ(all.lost, std::vector<std::string>{"1 file"});
}

TEST(Recording, IsCompleteOnlyWhenOneRunHasSeenTheStart) {
  Recording running = sample();
  running.runs[0].start_seen = false;
  EXPECT_FALSE(running.is_complete());
  EXPECT_THAT(running.gaps(), ::testing::ElementsAre(HasSubstr("the start was not seen")));
  const std::string text = write_recording(running);
  EXPECT_THAT(text, HasSubstr("\"complete\": false"));
  const Result<Recording> again = read_recording(text, "r.json");
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_FALSE(again->sees_start());
  EXPECT_TRUE(merge_recordings({running, sample()}).is_complete());
  EXPECT_FALSE(merge_recordings({running, running}).is_complete());
}

TEST(Recording, DoesNotBelieveThatItIsComplete) {
  constexpr char kRuns[] = "\"runs\": [{\"startSeen\": false}]}";
  constexpr char kTop[] = "{\"apiVersion\": \"redoubt.io/v1\", \"kind\": \"Recording\", \"complete\": ";
  EXPECT_EQ(refusal_of(concat(kTop, "false, ", kRuns)), "");
  EXPECT_THAT(refusal_of(concat(kTop, "true, ", kRuns)), HasSubstr("does not fit to"));
  EXPECT_THAT(refusal_of(concat(kTop, "1, ", kRuns)), HasSubstr("/complete: must be true or false"));
  EXPECT_THAT(refusal_of(concat(kTop, "false, \"runs\": [{\"startSeen\": \"no\"}]}")),
              HasSubstr("/runs/0/startSeen: must be true or false"));
}

TEST(Recording, GivesOperationsThatAPolicyJudges) {
  const std::vector<Operation> operations = operations_of(sample());
  ASSERT_EQ(operations.size(), 4U);
  EXPECT_EQ(operations[0].object, "accept4");
  EXPECT_EQ(operations[2].kind, Operation::Kind::kConnect);
  EXPECT_EQ(operations[3].kind, Operation::Kind::kOpen);
  EXPECT_EQ(operations[3].access, "rw");
}

TEST(Recording, ADirectoryIsListedAndNotRead) {
  Recording recording;
  recording.add(Section::kFiles, {"/srv", "dr", true, false});
  recording.add(Section::kFiles, {"/srv/new", "cd", true, false});
  const std::vector<Operation> operations = operations_of(recording);
  ASSERT_EQ(operations.size(), 2U);
  EXPECT_EQ(operations[0].access, "l");
  EXPECT_EQ(operations[1].access, "w");
}

TEST(Recording, WhatWasAFileInOneRunIsReadHowEverTheyAreMerged) {
  Recording directory, file, made;
  directory.add(Section::kFiles, {"/srv/x", "dr", true, false});
  file.add(Section::kFiles, {"/srv/x", "r", true, false});
  made.add(Section::kFiles, {"/srv/x", "c", true, false});
  for (const auto& order : {std::vector{directory, file, made}, std::vector{made, directory, file}, std::vector{file, directory, directory}}) {
    EXPECT_TRUE(merge_recordings(order)[Section::kFiles].front().is_read());
  }
  EXPECT_TRUE(merge_recordings({made, directory})[Section::kFiles].front().is_listed());
}

TEST(Recording, JudgesNoPortThatTheKernelChoseButForTcpAsAllOfThem) {
  Recording recording;
  recording.add(Section::kConnect, {"udp 192.0.2.1 0", "", true, false});
  recording.add(Section::kBind, {"udp 0.0.0.0 0", "", true, false});
  recording.add(Section::kBind, {"tcp 0.0.0.0 0", "", true, false});
  const std::vector<Operation> operations = operations_of(recording);
  ASSERT_EQ(operations.size(), 1U);
  EXPECT_EQ(operations[0].object, "tcp 0.0.0.0 1");
}

}  // namespace
}  // namespace redoubt::policy
