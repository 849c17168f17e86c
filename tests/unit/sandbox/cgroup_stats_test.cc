#include "sandbox/cgroup_stats.h"

#include <gtest/gtest.h>

#include "temporary_cgroup.h"

namespace redoubt::sandbox {
namespace {

std::string part(const json::Value& data, std::string_view key) {
  const json::Value* value = data.find(key);
  return value == nullptr ? "<missing>" : json::dump(*value);
}

TEST(ReadStats, HasEveryKeyEvenWithNoController) {
  const TemporaryCgroup cgroup;
  auto data = read_stats(cgroup.path());
  ASSERT_TRUE(data) << data.error().message();
  std::string keys;
  for (const json::Member& member : data->as_object()) {
    keys += member.key + " ";
  }
  EXPECT_EQ(keys, "cpu cpuset memory pids blkio hugetlb intel_rdt network_interfaces ");
  EXPECT_EQ(part(*data, "cpu"), "{}");
  EXPECT_EQ(part(*data, "memory"), "{}");
  EXPECT_EQ(part(*data, "intel_rdt"), "{}");
  EXPECT_EQ(part(*data, "network_interfaces"), "null");
}

TEST(ReadStats, FailsForACgroupThatIsGone) {
  auto data = read_stats("/nonexistent/cgroup");
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().err(), ENOENT);
}

TEST(ReadStats, CpuTimesAreNanoseconds) {
  const TemporaryCgroup cgroup;
  cgroup.put("cpu.stat",
             "usage_usec 30\nuser_usec 10\nsystem_usec 20\nnr_periods 0\nnr_throttled "
             "0\nthrottled_usec 0\n");
  EXPECT_EQ(part(*read_stats(cgroup.path()), "cpu"),
            R"({"usage":{"total":30000,"kernel":20000,"user":10000}})");
  cgroup.put("cpu.stat", "usage_usec 0\nnr_periods 5\nnr_throttled 2\nthrottled_usec 7\n");
  EXPECT_EQ(part(*read_stats(cgroup.path()), "cpu"),
            R"({"throttling":{"periods":5,"throttledPeriods":2,"throttledTime":7000}})");
}

TEST(ReadStats, PressureIsThereWhenTheKernelTellsIt) {
  const TemporaryCgroup cgroup;
  cgroup.put("cpu.pressure",
             "some avg10=1.50 avg60=0.00 avg300=0.07 total=99\nfull avg10=0.00 avg60=0.00 "
             "avg300=0.00 total=0\n");
  cgroup.put("io.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
  auto data = read_stats(cgroup.path());
  EXPECT_EQ(part(*data, "cpu"),
            R"({"psi":{"some":{"avg10":1.5,"avg60":0,"avg300":0.07,"total":99}}})");
  EXPECT_EQ(part(*data, "blkio"), R"({"psi":{}})");
}

TEST(ReadStats, MemoryAndSwapAreCountedTogether) {
  const TemporaryCgroup cgroup;
  cgroup.put("memory.stat", "file 5\nanon 7\n");
  cgroup.put("memory.current", "100\n");
  cgroup.put("memory.max", "1000\n");
  cgroup.put("memory.peak", "150\n");
  cgroup.put("memory.swap.current", "10\n");
  cgroup.put("memory.swap.max", "500\n");
  EXPECT_EQ(part(*read_stats(cgroup.path()), "memory"),
            R"({"cache":5,"usage":{"limit":1000,"usage":100,"max":150,"failcnt":0},)"
            R"("swap":{"limit":1500,"usage":110,"failcnt":0},"raw":{"anon":7,"file":5}})");
  cgroup.put("memory.swap.max", "max\n");
  const auto data = read_stats(cgroup.path());
  EXPECT_EQ(json::dump(*data->find("memory")->find("swap")->find("limit")), "18446744073709551615");
}

TEST(ReadStats, ProcessesAreCountedWithoutTheController) {
  const TemporaryCgroup cgroup;
  cgroup.put("cgroup.procs", "1\n2\n");
  cgroup.put("sub/cgroup.procs", "3\n");
  EXPECT_EQ(part(*read_stats(cgroup.path()), "pids"), R"({"current":3})");
  cgroup.put("pids.current", "9\n");
  cgroup.put("pids.max", "20\n");
  EXPECT_EQ(part(*read_stats(cgroup.path()), "pids"), R"({"current":9,"limit":20})");
  cgroup.put("pids.max", "max\n");
  EXPECT_EQ(part(*read_stats(cgroup.path()), "pids"), R"({"current":9})");
}

TEST(ReadStats, IoIsSplitIntoBytesAndOperations) {
  const TemporaryCgroup cgroup;
  cgroup.put("io.stat",
             "8:16 rbytes=10 wbytes=0 rios=3 wios=4 dbytes=0 dios=0\n254:0 \nnonsense\n");
  EXPECT_EQ(
      part(*read_stats(cgroup.path()), "blkio"),
      R"({"ioServiceBytesRecursive":[{"major":8,"minor":16,"op":"Read","value":10},{"major":8,"minor":16,"op":"Write"}],)"
      R"("ioServicedRecursive":[{"major":8,"minor":16,"op":"Read","value":3},{"major":8,"minor":16,"op":"Write","value":4}]})");
}

}  // namespace
}  // namespace redoubt::sandbox
