#include "runc-compat/cli/resources_merge.h"

#include <string>

#include <gtest/gtest.h>

#include "base/json.h"

namespace redoubt::cli {
namespace {

std::string merged(const char* stored, const char* request) {
  return json::dump(
      merge_resources(*json::parse(stored, "stored"), *json::parse(request, "request")));
}

TEST(MergeResources, FollowsTheRulesMemberByMember) {
  struct Row {
    const char* what;
    const char* stored;
    const char* request;
    const char* result;
  };
  const Row table[] = {
      {"quota keeps the period",
       R"({"cpu":{"quota":1,"period":2}})",
       R"({"cpu":{"quota":3}})",
       R"({"cpu":{"quota":3,"period":2},"pids":{}})"},
      {"period keeps the quota",
       R"({"cpu":{"quota":1,"period":2}})",
       R"({"cpu":{"period":3}})",
       R"({"cpu":{"quota":1,"period":3},"pids":{}})"},
      {"memory keeps the reservation",
       R"({"memory":{"limit":1,"reservation":2}})",
       R"({"memory":{"limit":3}})",
       R"({"memory":{"limit":3,"reservation":2},"cpu":{},"pids":{}})"},
      {"unlimited memory frees swap",
       R"({"memory":{"limit":1,"swap":2}})",
       R"({"memory":{"limit":-1}})",
       R"({"memory":{"limit":-1,"swap":-1},"cpu":{},"pids":{}})"},
      {"unless swap is given",
       R"({"memory":{"limit":1,"swap":2}})",
       R"({"memory":{"limit":-1,"swap":5}})",
       R"({"memory":{"limit":-1,"swap":5},"cpu":{},"pids":{}})"},
      {"cpuset, idle, burst, pids and unified are replaced",
       R"({"cpu":{"cpus":"0","mems":"0","idle":1,"burst":5,"shares":7},"pids":{"limit":4},"unified":{"a.b":"c"}})",
       "{}",
       R"({"cpu":{"shares":7},"pids":{}})"},
      {"null and empty text are not given",
       R"({"cpu":{"shares":7}})",
       R"({"cpu":{"shares":null,"cpus":""}})",
       R"({"cpu":{"shares":7},"pids":{}})"},
      {"devices stay",
       R"({"devices":[{"allow":false}]})",
       R"({"devices":[],"pids":{"limit":1}})",
       R"({"devices":[{"allow":false}],"cpu":{},"pids":{"limit":1}})"},
      {"unknown members stay",
       R"({"future":{"x":1}})",
       "{}",
       R"({"future":{"x":1},"cpu":{},"pids":{}})"},
      {"zero is no quota and no period",
       R"({"cpu":{"quota":1,"period":2}})",
       R"({"cpu":{"quota":3,"period":0}})",
       R"({"cpu":{"quota":3,"period":2},"pids":{}})"},
      {"nothing stored",
       "null",
       R"({"unified":{"memory.high":"5"},"hugepageLimits":[]})",
       R"({"cpu":{},"pids":{},"unified":{"memory.high":"5"},"hugepageLimits":[]})"},
  };
  for (const Row& row : table) {
    EXPECT_EQ(merged(row.stored, row.request), row.result) << row.what;
  }
}

}  // namespace
}  // namespace redoubt::cli
