#include "runc-compat/cli/update_request.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/io.h"

namespace redoubt::cli {
namespace {

using ::testing::HasSubstr;

struct Given {
  const char* flag;
  const char* value;
};

Arguments arguments_with(std::initializer_list<Given> given) {
  Arguments arguments(kUpdateFlags);
  for (const Given& entry : given) {
    for (const Flag& flag : kUpdateFlags) {
      if (flag.name == entry.flag) {
        EXPECT_TRUE(arguments.set(flag, flag.name, entry.value).has_value()) << entry.flag;
      }
    }
  }
  return arguments;
}

std::string request_of(std::initializer_list<Given> given) {
  const Result<json::Value> request = resources_request(arguments_with(given));
  return request ? json::dump(*request) : request.error().message();
}

TEST(ResourcesRequest, PutsEachFlagWhereTheSpecificationHasIt) {
  struct Row {
    Given given;
    const char* json;
  };
  const Row table[] = {
      {{"memory", "32M"}, R"({"memory":{"limit":33554432}})"},
      {{"memory", "-1"}, R"({"memory":{"limit":-1}})"},
      {{"memory-swap", "64m"}, R"({"memory":{"swap":67108864}})"},
      {{"memory-reservation", "1024"}, R"({"memory":{"reservation":1024}})"},
      {{"cpu-period", "100000"}, R"({"cpu":{"period":100000}})"},
      {{"cpu-quota", "-1"}, R"({"cpu":{"quota":-1}})"},
      {{"cpu-burst", "0"}, R"({"cpu":{"burst":0}})"},
      {{"cpu-share", "512"}, R"({"cpu":{"shares":512}})"},
      {{"cpu-idle", "1"}, R"({"cpu":{"idle":1}})"},
      {{"cpu-rt-period", "5"}, R"({"cpu":{"realtimePeriod":5}})"},
      {{"cpu-rt-runtime", "6"}, R"({"cpu":{"realtimeRuntime":6}})"},
      {{"cpuset-cpus", "0-1"}, R"({"cpu":{"cpus":"0-1"}})"},
      {{"cpuset-mems", "0"}, R"({"cpu":{"mems":"0"}})"},
      {{"blkio-weight", "500"}, R"({"blockIO":{"weight":500}})"},
      {{"pids-limit", "10"}, R"({"pids":{"limit":10}})"},
      {{"pids-limit", "0"}, R"({"pids":{"limit":0}})"},
      {{"pids-limit", "-1"}, R"({"pids":{"limit":-1}})"},
      {{"memory", ""}, "{}"},
      {{"blkio-weight", "0"}, "{}"},
  };
  for (const Row& row : table) {
    EXPECT_EQ(request_of({row.given}), row.json) << row.given.flag << " " << row.given.value;
  }
}

TEST(ResourcesRequest, NamesTheFlagOfABadValue) {
  EXPECT_THAT(
      request_of({{"cpu-quota", "x"}}),
      HasSubstr("invalid value for cpu-quota: strconv.ParseInt: parsing \"x\": invalid syntax"));
  EXPECT_THAT(request_of({{"cpu-share", "-1"}}),
              HasSubstr("invalid value for cpu-share: strconv.ParseUint"));
  EXPECT_THAT(request_of({{"memory", "12Q"}}),
              HasSubstr("invalid value for memory: invalid suffix: 'q'"));
  EXPECT_THAT(request_of({{"blkio-weight", "70000"}}), HasSubstr("invalid value for blkio-weight"));
}

TEST(ResourcesRequest, AFileMakesEveryOtherFlagVoid) {
  char path[] = "/tmp/redoubt-update-XXXXXX";
  const int fd = ::mkstemp(path);
  ASSERT_GE(fd, 0);
  ASSERT_TRUE(write_all(fd, R"({"pids":{"limit":7}})", path).has_value());
  EXPECT_EQ(request_of({{"resources", path}, {"memory", "32M"}}), R"({"pids":{"limit":7}})");
  ASSERT_EQ(::ftruncate(fd, 0), 0);
  EXPECT_FALSE(resources_request(arguments_with({{"resources", path}})).has_value())
      << "an empty file";
  ::close(fd);
  ::unlink(path);
  EXPECT_THAT(request_of({{"resources", path}}), HasSubstr("no such file or directory"));
}

}  // namespace
}  // namespace redoubt::cli
