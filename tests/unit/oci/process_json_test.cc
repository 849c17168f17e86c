#include "oci/process_json.h"

#include <gtest/gtest.h>

#include "oci/spec_json.h"

namespace redoubt::oci {
namespace {

// Every member that parse_process() knows, so that one that is forgotten on the way back is missed.
constexpr char kFull[] =
    R"({"terminal":true,"consoleSize":{"height":24,"width":80},)"
    R"("user":{"uid":1,"gid":2,"umask":18,"additionalGids":[3,4]},"args":["a","b"],"env":["A=b"],"cwd":"/w",)"
    R"("capabilities":{"bounding":["CAP_KILL"],"effective":[],"inheritable":["CAP_CHOWN"],"permitted":["CAP_KILL"],"ambient":[]},)"
    R"("rlimits":[{"type":"RLIMIT_NOFILE","hard":9,"soft":8}],"noNewPrivileges":true,"apparmorProfile":"p","oomScoreAdj":-5,)"
    R"("scheduler":{"policy":"SCHED_OTHER","nice":3,"priority":1,"flags":["SCHED_FLAG_RESET_ON_FORK"],"runtime":1,"deadline":2,"period":3},)"
    R"("selinuxLabel":"u:r:t:s0","ioPriority":{"class":"IOPRIO_CLASS_BE","priority":4},"execCPUAffinity":{"initial":"0","final":"1"}})";

TEST(ProcessToJson, GivesBackWhatWasParsed) {
  const Result<Process> process = parse_process(*json::parse(kFull, "process"));
  ASSERT_TRUE(process.has_value()) << process.error().message();
  EXPECT_EQ(json::dump(process_to_json(*process)), kFull);
}

TEST(ProcessToJson, WhatWasAbsentStaysAbsent) {
  const Result<Process> process = parse_process(*json::parse(R"({"args":["a"],"cwd":"/"})", "process"));
  ASSERT_TRUE(process.has_value());
  const Result<Process> again = parse_process(process_to_json(*process));
  ASSERT_TRUE(again.has_value()) << again.error().message();
  EXPECT_FALSE(again->capabilities.has_value());
  EXPECT_FALSE(again->oom_score_adj.has_value());
  EXPECT_FALSE(again->console_size.has_value());
}

}  // namespace
}  // namespace redoubt::oci
